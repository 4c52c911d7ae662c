package dev.gatun.op.random;

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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// A class for each row, by its probability: the inverse of the distribution function.
///
/// Shapes: `x [.., C]` F32 or F64, logits or, if `weights`, numbers in proportion to the
/// probabilities; the result is `[..]` I64. For row `r` with `u` element `r` of [Uniform] in F64
/// under the seed: the first class whose weights up to and with it, `e^(x - max)` of logits, exceed
/// `u` times their sum. A class without weight is never drawn. A row without a distribution, with
/// NaN, `+inf` or nothing but zeros, gives -1, which no op takes for an index. For several draws
/// broadcast the rows.
///
/// No gradient. Cost: one read, a second one from cache. Weights are worked out in the type and
/// added in doubles, 256 at a time: the same bits for any number of threads; devices may differ
/// where `u` falls on the border of two classes, within rounding.
///
/// @param weights whether `x` are weights, not logits
/// @param seed of the draws
public record Categorical(boolean weights, long seed) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    Spec x = in.get(0);
    Rules.require(x.shape().rank() > 0, this, "x must have an axis", "x", in);
    return List.of(new Spec(DType.I64, x.shape().without(-1)));
  }

  /// The number that row `r` draws.
  static double uniform(long seed, long r) {
    return Uniform.f64(Philox.words(seed, r / 2, (int) (r & 1)));
  }

  @Override
  public void reference(Call c) {
    long n = c.inShape(0).dim(-1);
    for (long r = 0, rows = c.outShape(0).elems(); r < rows; r++) {
      double max = Double.NEGATIVE_INFINITY;
      for (long i = 0; i < n && !weights; i++) {
        max = Math.max(max, c.get(0, r * n + i));
      }
      double sum = 0;
      for (long i = 0; i < n; i++) {
        sum += weight(c, r * n + i, max);
      }
      double rest = uniform(seed, r) * sum;
      long drawn = -1;
      for (long i = 0; i < n && rest >= 0 && sum < Double.POSITIVE_INFINITY; i++) {
        double w = weight(c, r * n + i, max);
        drawn = w > 0 ? i : drawn;
        rest -= w;
      }
      DType.I64.write(c.out(0), r, (double) drawn);
    }
  }

  private double weight(Call c, long i, double max) {
    return weights ? c.get(0, i) : Math.exp(c.get(0, i) - max);
  }

  @Override
  public void simd(Call c, Workers w) {
    CategoricalSimd.run(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.categorical(d, this, in.get(0));
  }

  /// A row of weights for each worker and the sum of a piece.
  @Override
  public long scratch(List<Spec> in, int workers) {
    return perWorker(in.get(0)) * workers;
  }

  static long perWorker(Spec x) {
    return x.shape().dim(-1) * x.dtype().bytes() + 127 & -64;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return Collections.nCopies(n.inputs(), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(20, in, List.of());
  }
}
