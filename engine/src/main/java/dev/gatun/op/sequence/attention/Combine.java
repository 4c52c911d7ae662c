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
import dev.gatun.op.shape.Concat;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Partial attentions over parts of the keys, put together: with `M = max_p lse_p` and `w_p =
/// e^(lse_p - M)`, `o = sum_p w_p o_p / sum_p w_p` and `lse = M + log sum_p w_p`. Associative, so
/// parts may be combined in any grouping.
///
/// Shapes: `o [P, .., D]` and `lse [P, ..]` with `P > 0`; results `o [.., D]` and `lse [..]`; F32
/// or F64. A part of `lse = -inf` has weight 0 whatever its `o` holds, NaN too; where all are
/// `-inf`, `o = 0` and `lse = -inf`. NaN or `+inf` in `lse` gives NaN.
///
/// Gradient, with `p_p = w_p / sum w`: `do_p = p_p do`, `dlse_p = p_p (do . o_p - sum_q p_q do .
/// o_q
/// + dlse)`, 0 where `lse_p = -inf`. Cost: one read of the parts, one write. Error: 4 ulp and `P
///   eps` of the largest part. Source: Dao et al., Flash-Decoding, 2023; arXiv 2405.13956, section
///   3.
public record Combine() implements Kernel {
  private static final String NAMES = "o lse";

  /// The attention over all keys, and the logarithm of the sum of its exponentials.
  public record Result(Tensor o, Tensor lse) {}

  /// Combines parts that lie in tensors of their own, all of one shape.
  ///
  /// @throws IllegalArgumentException if there is no part, or shapes or types do not fit
  public static Result of(List<Tensor> o, List<Tensor> lse) {
    List<Tensor> out =
        new Combine()
            .apply(
                Concat.stack(0, o.toArray(Tensor[]::new)),
                Concat.stack(0, lse.toArray(Tensor[]::new)));
    return new Result(out.get(0), out.get(1));
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.computing(this, NAMES, in);
    Shape o = in.get(0).shape();
    Rules.require(
        o.rank() >= 2 && o.dim(0) > 0 && in.get(1).shape().equals(o.without(-1)),
        this,
        "o must be [P, .., D] and lse [P, ..] with P > 0",
        NAMES,
        in);
    Spec lse = in.get(1);
    return List.of(in.get(0).withShape(o.without(0)), lse.withShape(lse.shape().without(0)));
  }

  /// The weights of the parts of row `r` of `rows`, which add up to 1, or are all 0; returns `lse`.
  private static double weights(Call c, long r, long rows, double[] weight) {
    double max = Double.NEGATIVE_INFINITY;
    for (int p = 0; p < weight.length; p++) {
      max = Math.max(max, c.get(1, p * rows + r));
    }
    max = max == Double.NEGATIVE_INFINITY ? 0 : max;
    double sum = 0;
    for (int p = 0; p < weight.length; p++) {
      weight[p] = Math.exp(c.get(1, p * rows + r) - max);
      sum += weight[p];
    }
    for (int p = 0; p < weight.length; p++) {
      weight[p] = sum == 0 ? 0 : weight[p] / sum;
    }
    return max + Math.log(sum);
  }

  @Override
  public void reference(Call c) {
    long rows = c.outShape(1).elems();
    long d = c.outShape(0).dim(-1);
    double[] weight = new double[Math.toIntExact(c.inShape(0).dim(0))];
    for (long r = 0; r < rows; r++) {
      c.set(1, r, weights(c, r, rows, weight));
      for (long i = 0; i < d; i++) {
        double sum = 0;
        for (int p = 0; p < weight.length; p++) {
          sum += weight[p] == 0 ? 0 : weight[p] * c.get(0, (p * rows + r) * d + i);
        }
        c.set(0, r * d + i, sum);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    CombineSimd.forward(c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.combine(d, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return CombineSimd.scratch(in.get(1), 1, workers);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor o = n.in(0);
    Tensor d = dy.get(0).orElseGet(() -> zeros(o, n.outSpec(0)));
    Tensor dlse = dy.get(1).orElseGet(() -> zeros(o, n.outSpec(1)));
    List<Tensor> out = new Grad().apply(o, n.in(1), d, dlse);
    return List.of(
        n.needs(0) ? Optional.of(out.get(0)) : Optional.empty(),
        n.needs(1) ? Optional.of(out.get(1)) : Optional.empty());
  }

  private static Tensor zeros(Tensor like, Spec spec) {
    return like.scope().zeros(spec.dtype(), spec.shape());
  }

  @Override
  public Cost cost(List<Spec> in) {
    double flops = 2.0 * in.get(0).shape().elems() + 20.0 * in.get(1).shape().elems();
    return new Cost(flops, Cost.streaming(0, in, infer(in)).bytes());
  }

  /// Gradients of `o` and `lse` from `o`, `lse`, `do` and `dlse`.
  public record Grad() implements Kernel {
    private static final String NAMES = "o lse do dlse";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(4, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      List<Spec> inputs = in.subList(0, 2);
      Rules.require(
          new Combine().infer(inputs).equals(in.subList(2, 4)),
          this,
          "do must be [.., D] and dlse [..]",
          NAMES,
          in);
      return inputs;
    }

    @Override
    public void reference(Call c) {
      long rows = c.inShape(3).elems();
      long d = c.inShape(0).dim(-1);
      double[] weight = new double[Math.toIntExact(c.inShape(0).dim(0))];
      double[] dot = new double[weight.length];
      for (long r = 0; r < rows; r++) {
        weights(c, r, rows, weight);
        double mean = -c.get(3, r);
        for (int p = 0; p < weight.length; p++) {
          dot[p] = 0;
          for (long i = 0; i < d; i++) {
            long at = (p * rows + r) * d + i;
            double g = c.get(2, r * d + i);
            c.set(0, at, weight[p] == 0 ? 0 : weight[p] * g);
            dot[p] += weight[p] == 0 ? 0 : g * c.get(0, at);
          }
          mean += weight[p] * dot[p];
        }
        for (int p = 0; p < weight.length; p++) {
          c.set(1, p * rows + r, weight[p] * (dot[p] - mean));
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      CombineSimd.gradient(c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.combineBack(d, in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return CombineSimd.scratch(in.get(1), 2, workers);
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
      return Cost.streaming(3, in, infer(in));
    }
  }
}
