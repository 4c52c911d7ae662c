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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `p = softmax(g)` with `g = z + log sigmoid(z)`, that is `e^z sigmoid(z)` over its sum, along the
/// last axis, or its logarithm: a softmax whose output is not bound to a space of the size of `z`
/// (Kanai et al., arXiv 1805.10829).
///
/// Shapes: `z` and the result agree, rank 1 or more; F32 or F64. `log sigmoid(z) = min(z, 0) -
/// log(1 + e^-|z|)`, and the maximum is subtracted, so nothing overflows. A row with NaN or `+inf`,
/// or of `-inf` only, gives NaN throughout. Gradient: `dz = dg (2 - sigmoid(z))`, with `dg` that of
/// a softmax or log-softmax. Error: 6 ulp and `eps (|g| + |g - max|)`.
///
/// @param log whether the result is `log p`
public record SigSoftmax(boolean log) implements Kernel {
  /// `p` and its logarithm, in a pass each.
  public record Result(Tensor p, Tensor logp) {}

  /// Both results for `z [.., N]`.
  ///
  /// @throws IllegalArgumentException if `z` has no axis or is not F32 or F64
  public static Result both(Tensor z) {
    return new Result(new SigSoftmax(false).of(z), new SigSoftmax(true).of(z));
  }

  private static void requireRows(Kernel op, String names, List<Spec> in) {
    Rules.count(names.split(" ", -1).length, op, names, in);
    Rules.computing(op, names, in);
    Rules.require(in.get(0).shape().rank() > 0, op, "z must be [.., N]", names, in);
    Rules.require(in.stream().allMatch(in.get(0)::equals), op, "shapes must agree", names, in);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    requireRows(this, "z", in);
    return in;
  }

  @Override
  public void reference(Call c) {
    int n = Math.toIntExact(c.inShape(0).dim(-1));
    double[] g = new double[n];
    for (long at = 0; at < c.inShape(0).elems(); at += n) {
      double max = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < n; i++) {
        double z = c.get(0, at + i);
        g[i] = z + Math.min(z, 0) - Math.log1p(Math.exp(-Math.abs(z)));
        max = Math.max(max, g[i]);
      }
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += Math.exp(g[i] - max);
      }
      for (int i = 0; i < n; i++) {
        double x = g[i] - max;
        c.set(0, at + i, log ? x - Math.log(sum) : Math.exp(x) / sum);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    SigSoftmaxSimd.run(c, w, log ? SigSoftmaxSimd.LOG : SigSoftmaxSimd.PLAIN);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.sigSoftmax(d, log, in.get(0));
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad(log).of(n.in(0), n.out(0), d)));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(50, in, in);
  }

  /// `dz` from `z`, `y` and `dy`.
  ///
  /// @param log whether `y` is `log p`
  public record Grad(boolean log) implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      requireRows(this, "z y dy", in);
      return in.subList(0, 1);
    }

    @Override
    public void reference(Call c) {
      long n = c.inShape(0).dim(-1);
      for (long at = 0; at < c.inShape(0).elems(); at += n) {
        double sum = 0;
        for (long i = at; i < at + n; i++) {
          sum += log ? c.get(2, i) : c.get(1, i) * c.get(2, i);
        }
        for (long i = at; i < at + n; i++) {
          double y = c.get(1, i);
          double d = c.get(2, i);
          double dg = log ? d - Math.exp(y) * sum : y * (d - sum);
          c.set(0, i, dg * (2 - 1 / (1 + Math.exp(-c.get(0, i)))));
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      SigSoftmaxSimd.run(c, w, log ? SigSoftmaxSimd.LOG_GRAD : SigSoftmaxSimd.GRAD);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.sigSoftmaxBack(d, log, in.get(0));
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// @throws IllegalStateException always
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      throw new IllegalStateException(
          Rules.name(this) + ": there is no second derivative; got a request for one");
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(40, in, infer(in));
    }
  }
}
