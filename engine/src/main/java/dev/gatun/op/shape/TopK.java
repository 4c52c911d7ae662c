package dev.gatun.op.shape;

import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import java.util.List;

/// The `k` greatest or least elements of each run along `axis` in order, and where they stood.
///
/// Shapes, types, ties, NaN and gradient: as [Sort], `axis` having `k` elements in the results.
/// Cost: that of [Sort].
///
/// Throws [IllegalArgumentException] unless `axis` has `k` elements.
///
/// @param axis counted from 0
/// @param largest whether the greatest are taken, greatest first
public record TopK(int axis, long k, boolean largest) implements Ordered {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.require(k >= 0, this, "k must not be negative", "x", in);
    return Ordered.super.infer(in);
  }

  @Override
  public boolean descending() {
    return largest;
  }

  @Override
  public long taken(long n) {
    return k;
  }
}
