package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// What a rotary embedding is: pair `i` of the first `dim` numbers of a head turns by `position
/// * f_i`, `f_i = base^(-2 i / dim)`, so that products of queries and keys depend on the distance
///   of their positions alone (Su et al., RoFormer, arXiv 2104.09864).
///
/// @param dim numbers that turn, even; the rest of a head stays as it is
/// @param base the base of the frequencies, 10,000 as published
/// @param interleaved whether a pair is numbers `2 i` and `2 i + 1` (GPT-J), not `i` and `i + dim /
///   2` (NeoX, Llama)
/// @param scaling how frequencies change for contexts longer than those of training
/// @param xpos decay with the distance, if any
public record Rotary(
    long dim, double base, boolean interleaved, Scaling scaling, Optional<XPos> xpos) {

  /// Checks the numbers.
  ///
  /// @throws IllegalArgumentException unless `dim` is even and positive and `base > 0`
  public Rotary {
    if (dim <= 0 || dim % 2 != 0 || !(base > 0)) {
      throw new IllegalArgumentException(
          "Rotary: dim must be even and positive and base positive; got dim %d, base %s"
              .formatted(dim, base));
    }
  }

  /// Half-split pairs, base 10,000, no scaling.
  public static Rotary of(long dim) {
    return new Rotary(dim, 10_000, false, new Scaling.None(), Optional.empty());
  }

  /// With another base.
  public Rotary withBase(double b) {
    return new Rotary(dim, b, interleaved, scaling, xpos);
  }

  /// With pairs side by side, or not.
  public Rotary withInterleaved(boolean pairs) {
    return new Rotary(dim, base, pairs, scaling, xpos);
  }

  /// With other frequencies.
  public Rotary withScaling(Scaling s) {
    return new Rotary(dim, base, interleaved, s, xpos);
  }

  /// With the decay of XPos.
  public Rotary withXPos(XPos x) {
    return new Rotary(dim, base, interleaved, scaling, Optional.of(x));
  }

  /// The frequency `f_i`, scaled.
  public double frequency(int i) {
    return scaling.frequency(i, dim, base);
  }

  /// Base of the decay of pair `i`, where there is one.
  double decay(int i) {
    return (2 * i + 0.4 * dim) / (1.4 * dim);
  }

  /// Tables for queries, or all positions, `offset` to `offset + size`.
  public Tables tables(Scope scope, DType dtype, long offset, long size) {
    return Tables.of(scope.run(new RotaryTable(dtype, this, false, offset, size), List.of()));
  }

  /// Tables for keys, which differ from those for queries with XPos only.
  public Tables keyTables(Scope scope, DType dtype, long offset, long size) {
    return Tables.of(scope.run(new RotaryTable(dtype, this, true, offset, size), List.of()));
  }

  /// Tables for queries at `positions`, I64 or I32 of any shape: slots of a ring, clamped
  /// distances.
  public Tables tables(DType dtype, Tensor positions) {
    return Tables.of(new RotaryTable.At(dtype, this, false).apply(positions));
  }

  /// Tables for keys at `positions`.
  public Tables keyTables(DType dtype, Tensor positions) {
    return Tables.of(new RotaryTable.At(dtype, this, true).apply(positions));
  }

  /// Cosines and sines, `[.., S, dim / 2]`.
  public record Tables(Tensor cos, Tensor sin) {
    private static Tables of(List<Tensor> out) {
      return new Tables(out.get(0), out.get(1));
    }
  }

  /// Decay of XPos (Sun et al., arXiv 2212.10554), as in FlashAttention: queries at position `t`
  /// are multiplied by `((2 i + 0.4 dim) / (1.4 dim))^((t - center) / scaleBase)`, keys divided, so
  /// that products depend on the distance alone. The center keeps both in range.
  ///
  /// @param scaleBase 512 as published
  /// @param center the same for queries and keys; the middle of the sequence
  public record XPos(double scaleBase, double center) {
    /// Centered as FlashAttention does for a sequence of positions 0 to `offset + size`.
    public static XPos of(double scaleBase, long offset, long size) {
      return new XPos(scaleBase, (double) Math.floorDiv(offset + size, 2));
    }
  }

  /// How frequencies change for contexts longer than those of training.
  public sealed interface Scaling {
    /// The frequency of pair `i`.
    double frequency(int i, long dim, double base);

    /// Factor on cosines and sines.
    default double magnitude() {
      return 1;
    }

    /// As trained.
    record None() implements Scaling {
      @Override
      public double frequency(int i, long dim, double base) {
        return 1 / Math.pow(base, 2.0 * i / dim);
      }
    }

    /// All frequencies divided by `factor` (position interpolation, arXiv 2306.15595).
    record Linear(double factor) implements Scaling {
      @Override
      public double frequency(int i, long dim, double base) {
        return 1 / Math.pow(base, 2.0 * i / dim) / factor;
      }
    }

    /// A base of `base factor^(dim / (dim - 2))`: the lowest frequency is divided by `factor`, the
    /// highest stays.
    record NtkAware(double factor) implements Scaling {
      @Override
      public double frequency(int i, long dim, double base) {
        double wider = dim == 2 ? base : base * Math.pow(factor, dim / (dim - 2.0));
        return 1 / Math.pow(wider, 2.0 * i / dim);
      }
    }

    /// YaRN (Peng et al., arXiv 2309.00071, section 3): frequencies that turn more than `betaFast`
    /// times in the original context stay, those that turn less than `betaSlow` times are divided
    /// by `factor`, those between are mixed; cosines and sines are multiplied by `0.1 log(factor) +
    /// 1`.
    ///
    /// @param context positions of training
    record Yarn(double factor, long context, double betaFast, double betaSlow) implements Scaling {
      /// With `betaFast` 32 and `betaSlow` 1, as published.
      public static Yarn of(double factor, long context) {
        return new Yarn(factor, context, 32, 1);
      }

      @Override
      public double frequency(int i, long dim, double base) {
        double f = 1 / Math.pow(base, 2.0 * i / dim);
        double low = Math.max(0, Math.floor(pair(betaFast, dim, base)));
        double high = Math.min(dim - 1.0, Math.ceil(pair(betaSlow, dim, base)));
        double width = low == high ? 0.001 : high - low;
        double slow = Math.max(0, Math.min(1, (i - low) / width));
        return f / factor * slow + f * (1 - slow);
      }

      /// The pair, not a whole number, that turns `turns` times in the original context.
      private double pair(double turns, long dim, double base) {
        return dim * Math.log(context / (turns * 2 * Math.PI)) / (2 * Math.log(base));
      }

      @Override
      public double magnitude() {
        return factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1;
      }
    }
  }
}
