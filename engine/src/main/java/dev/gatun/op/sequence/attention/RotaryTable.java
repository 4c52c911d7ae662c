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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Cosines and sines of a [Rotary] embedding for positions `t = offset, .., offset + size - 1`:
/// `cos[t, i] = a cos(t f_i)`, `sin[t, i] = a sin(t f_i)`, where `a` is the factor of the scaling
/// and, with XPos, the decay for queries, or, for keys, its inverse.
///
/// No input; results `[size, dim / 2]` in `dtype`, F32 or F64. Angles are products in double,
/// turned back in double and rounded once at the end: 0.5 ulp and `2^-53 t f_i`, where angles in
/// F32 are off by 4e-3 at position 100,000. Up to an angle of 1,000,000 in vectors, beyond one by
/// one.
///
/// @param dtype of the tables
/// @param keys whether the decay of XPos is inverted
/// @param offset the first position
/// @param size positions
public record RotaryTable(DType dtype, Rotary rotary, boolean keys, long offset, long size)
    implements Kernel {

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    Rules.require(size >= 0, this, "size must not be negative", "", in);
    return specs(this, dtype, rotary, Shape.of(size), "", in);
  }

  private static List<Spec> specs(
      Kernel op, DType dtype, Rotary rotary, Shape positions, String names, List<Spec> in) {
    Rules.require(dtype.computes(), op, "dtype must be F32 or F64", names, in);
    long[] dims = Arrays.copyOf(positions.dims(), positions.rank() + 1);
    dims[positions.rank()] = rotary.dim() / 2;
    Spec table = new Spec(dtype, Shape.of(dims));
    return List.of(table, table);
  }

  private static void reference(Call c, Rotary rotary, boolean keys, long row, double t) {
    long h = rotary.dim() / 2;
    for (int i = 0; i < h; i++) {
      double a = rotary.scaling().magnitude();
      if (rotary.xpos().isPresent()) {
        Rotary.XPos x = rotary.xpos().get();
        double power = (t - x.center()) / x.scaleBase();
        a *= Math.pow(rotary.decay(i), keys ? -power : power);
      }
      double angle = t * rotary.frequency(i);
      c.set(0, row * h + i, a * StrictMath.cos(angle));
      c.set(1, row * h + i, a * StrictMath.sin(angle));
    }
  }

  @Override
  public void reference(Call c) {
    for (long r = 0; r < size; r++) {
      reference(c, rotary, keys, r, (double) (offset + r));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RotaryTableSimd.run(c, w, rotary, keys, offset);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.rotary(d, dtype, rotary, keys, offset, size, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return RotaryTableSimd.scratch(rotary, workers);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of();
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(30, in, infer(in));
  }

  /// The same for positions that are an input: I32 or I64 `[..]`; results `[.., dim / 2]`. No
  /// gradient.
  ///
  /// @param dtype of the tables
  /// @param keys whether the decay of XPos is inverted
  public record At(DType dtype, Rotary rotary, boolean keys) implements Kernel {
    private static final String NAMES = "positions";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(1, this, NAMES, in);
      Rules.require(in.get(0).dtype().indexes(), this, "positions must be I32 or I64", NAMES, in);
      return specs(this, dtype, rotary, in.get(0).shape(), NAMES, in);
    }

    @Override
    public void reference(Call c) {
      for (long r = 0, n = c.inShape(0).elems(); r < n; r++) {
        double t = (double) c.dtype().readLong(c.in(0), r);
        RotaryTable.reference(c, rotary, keys, r, t);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      RotaryTableSimd.run(c, w, rotary, keys, 0);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.rotary(d, dtype, rotary, keys, 0, in.get(0).shape().elems(), in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return RotaryTableSimd.scratch(rotary, workers);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty());
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(30, in, infer(in));
    }
  }
}
