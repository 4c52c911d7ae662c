package dev.gatun.op.sequence.attention;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Rotary embedding: pair `(a, b)` of row `s` becomes `(a cos - b sin, b cos + a sin)` with row `s`
/// of the tables, which a [Rotary] makes; what lies behind the pairs is copied.
///
/// Shapes: `x [.., S, D]`, `cos` and `sin [S, h]`, or of the rank of `x` with axes before `S` that
/// are 1 or those of `x`, `2 h <= D`; `y` as `x`; F32 or F64. Gradient: rotation by the negative
/// angle, the transpose for scaled tables too; none for the tables. Cost: one read, one write, 6
/// flops a pair. Error: 3 roundings, `2.2e-7` of the greatest `|x|` in F32 with those of the
/// tables.
///
/// @param interleaved whether a pair is `2 i` and `2 i + 1` (GPT-J), not `i` and `i + h` (NeoX)
/// @param inverse whether it turns back
public record Rope(boolean interleaved, boolean inverse) implements Kernel {
  private static final String NAMES = "x cos sin";

  /// `x [.., S, D]` turned by positions `offset` to `offset + S`. For several tensors, or layers,
  /// make the tables once.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(Tensor x, Rotary rotary, long offset) {
    long size = x.shape().rank() < 2 ? 0 : x.dim(-2);
    return of(x, rotary, rotary.tables(x.scope(), x.dtype(), offset, size));
  }

  /// `x [.., S, D]` turned by tables made before.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(Tensor x, Rotary rotary, Rotary.Tables tables) {
    return new Rope(rotary.interleaved(), false).of(x, tables.cos(), tables.sin());
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape x = in.get(0).shape();
    Shape t = in.get(1).shape();
    Rules.require(
        x.rank() >= 2
            && (t.rank() == 2 || t.rank() == x.rank())
            && t.equals(in.get(2).shape())
            && repeats(t, x)
            && t.dim(-1) <= x.dim(-1) / 2,
        this,
        "x must be [.., S, D], cos and sin [S, h] or [.., S, h] with axes of 1, 2 h <= D",
        NAMES,
        in);
    return List.of(in.get(0));
  }

  /// Whether rows of the tables are there for all rows of `x`.
  private static boolean repeats(Shape t, Shape x) {
    int lead = x.rank() - t.rank();
    for (int a = 0; a < t.rank() - 2; a++) {
      if (t.dim(a) != 1 && t.dim(a) != x.dim(lead + a)) {
        return false;
      }
    }
    return t.dim(-2) == x.dim(-2);
  }

  /// The row of the tables for position 0 of sequence `sequence` of `x`.
  static long tableRow(Shape t, Shape x, long sequence) {
    if (t.rank() == 2) {
      return 0;
    }
    long row = 0;
    long step = t.dim(-2);
    for (int a = x.rank() - 3; a >= 0; a--) {
      long i = sequence % x.dim(a);
      sequence /= x.dim(a);
      row += t.dim(a) == 1 ? 0 : i * step;
      step *= t.dim(a);
    }
    return row;
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(0);
    long s = x.dim(-2);
    long d = x.dim(-1);
    long h = c.inShape(1).dim(-1);
    for (long row = 0; d > 0 && row < x.elems() / d; row++) {
      long table = (tableRow(c.inShape(1), x, row / s) + row % s) * h;
      for (long i = 0; i < h; i++) {
        long a = row * d + (interleaved ? 2 * i : i);
        long b = a + (interleaved ? 1 : h);
        double cos = c.get(1, table + i);
        double sin = inverse ? -c.get(2, table + i) : c.get(2, table + i);
        c.set(0, a, c.get(0, a) * cos - c.get(0, b) * sin);
        c.set(0, b, c.get(0, b) * cos + c.get(0, a) * sin);
      }
      for (long i = row * d + 2 * h; i < (row + 1) * d; i++) {
        c.set(0, i, c.get(0, i));
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RopeSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRope.of(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(1, 2);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor d = dy.get(0).orElseThrow();
    Optional<Tensor> dx =
        n.needs(0)
            ? Optional.of(new Rope(interleaved, !inverse).of(d, n.in(1), n.in(2)))
            : Optional.empty();
    return List.of(dx, Optional.empty(), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(3, in, infer(in));
  }
}
