package dev.gatun.op.sequence.s4;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.op.linear.FftConv;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Sequences convolved with the kernels of state space models, some channels a feature, by
/// [FftConv], or directly where a kernel is short.
public final class LongConvolution {
  /// Elements of a kernel up to which its products are summed as they are. One thread, 256 rows: at
  /// 64, 0.9 of the time of transforms where rows have 1,024 elements, 0.2 where they have 16,384;
  /// at 128 three times as long, and a third.
  private static final long DIRECT = 64;

  private LongConvolution() {}

  /// `y[b, k, h, t] = sum_(s <= t) kernel[k, h, t - s] x[b, h, s]`, `[B, K, H, L]`, for sequences
  /// `[B, H, L]` and kernels `[K, H, at most L]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor causal(Tensor x, Tensor kernel) {
    return causal(x, kernel, Optional.empty(), false);
  }

  /// The same plus `d[k, h] x[b, h, t]` if there is `d [K, H]`, and the exact GELU of it if asked
  /// for, in one op a channel.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor causal(Tensor x, Tensor kernel, Optional<Tensor> d, boolean gelu) {
    List<Tensor> y = new ArrayList<>();
    for (long k = 0; k < kernel.dim(0); k++) {
      y.add(convolved(x, kernel.select(0, k), channel(d, k), gelu));
    }
    return stacked(y);
  }

  private static Tensor convolved(Tensor x, Tensor kernel, Optional<Tensor> d, boolean gelu) {
    if (kernel.dim(1) > DIRECT) {
      return FftConv.of(x, kernel, Optional.empty(), d, gelu);
    }
    Tensor taps =
        d.map(t -> kernel.add(t.unsqueeze(1).pad(1, 0, kernel.dim(1) - 1))).orElse(kernel);
    Tensor y =
        CausalConv1d.of(x, taps.flip(1), Optional.empty(), Optional.empty(), Activation.NONE);
    return gelu ? y.gelu() : y;
  }

  /// Both ways, with `2 K` kernels, `K` for the past and `K` for what is to come: `sum_(s <= t)
  /// kernel[k, h, t - s] x[s] + sum_(s > t) kernel[K + k, h, s - t - 1] x[s]`. The second one
  /// begins at the next element, as the authors' code has it.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit or the number of kernels is odd
  public static Tensor bidirectional(Tensor x, Tensor kernel) {
    return bidirectional(x, kernel, Optional.empty(), false);
  }

  /// The same plus `d[k, h] x[b, h, t]` if there is `d [K, H]`, and the exact GELU of it if asked
  /// for.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit or the number of kernels is odd
  public static Tensor bidirectional(Tensor x, Tensor kernel, Optional<Tensor> d, boolean gelu) {
    long channels = kernel.dim(0) / 2;
    if (kernel.dim(0) % 2 != 0) {
      throw new IllegalArgumentException(
          "LongConvolution: kernels for both ways must be 2 K; got " + kernel.dim(0));
    }
    List<Tensor> y = new ArrayList<>();
    for (long k = 0; k < channels; k++) {
      Tensor later = kernel.select(0, channels + k).pad(1, 1, 0);
      later = later.dim(1) > x.dim(2) ? later.slice(1, 0, x.dim(2)) : later;
      Tensor sooner = kernel.select(0, k);
      y.add(FftConv.of(x, sooner, Optional.of(later), channel(d, k), gelu));
    }
    return stacked(y);
  }

  private static Optional<Tensor> channel(Optional<Tensor> d, long k) {
    return d.map(t -> t.select(0, k));
  }

  private static Tensor stacked(List<Tensor> y) {
    return y.get(0).stack(1, y.subList(1, y.size()).toArray(Tensor[]::new));
  }
}
