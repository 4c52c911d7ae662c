package dev.gatun.train;

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
import dev.gatun.tensor.Variable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/// Adam with decoupled weight decay. For step `t = 1, 2, ...` of each parameter:
///
/// ```
/// m = beta1 m + (1 - beta1) g
/// v = beta2 v + (1 - beta2) g^2
/// p = (1 - rate decay) p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// ```
///
/// Cost: one pass in place over `p`, `m`, `v` and `g`, 28 bytes an F32 element.
///
/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, algorithm 2.
public final class AdamW extends Optimizer {
  private final Options options;
  private final List<Variable> m;
  private final List<Variable> v;
  private final long[] steps;

  /// How AdamW moves.
  ///
  /// @param beta1 memory of the gradient, in [0, 1)
  /// @param beta2 memory of its square, in [0, 1)
  /// @param epsilon added to the root, at least 0
  /// @param decay weight decay by step and rate, at least 0
  public record Options(double beta1, double beta2, double epsilon, double decay) {
    /// @throws IllegalArgumentException unless each is in its range
    public Options {
      boolean betas = beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1;
      if (!betas || !(epsilon >= 0) || !(decay >= 0)) {
        throw new IllegalArgumentException(
            "AdamW: betas must lie in [0, 1), epsilon and decay be at least 0; got %s, %s, %s, %s"
                .formatted(beta1, beta2, epsilon, decay));
      }
    }

    /// 0.9, 0.999, 1e-8 and a decay of 0.01.
    public static Options standard() {
      return new Options(0.9, 0.999, 1e-8, 0.01);
    }

    /// The same with another decay.
    public Options withDecay(double d) {
      return new Options(beta1, beta2, epsilon, d);
    }
  }

  private AdamW(Collection<Variable> parameters, Options options) {
    super(parameters);
    this.options = options;
    this.m = parameters().stream().map(Optimizer::zerosLike).toList();
    this.v = parameters().stream().map(Optimizer::zerosLike).toList();
    this.steps = new long[parameters().size()];
  }

  /// For these parameters, with [Options#standard].
  public static AdamW of(Collection<Variable> parameters) {
    return of(parameters, Options.standard());
  }

  /// For these parameters.
  public static AdamW of(Collection<Variable> parameters, Options options) {
    return new AdamW(parameters, options);
  }

  @Override
  void update(int i, Tensor dp, double rate, double scale) {
    Variable p = parameters().get(i);
    Update op = new Update(options, false, rate, ++steps[i], scale);
    p.value().scope().update(op, List.of(p, m.get(i), v.get(i)), List.of(dp));
  }

  /// One step of one parameter as an op that writes `p`, `m` and `v` in place and reads `g`, all of
  /// one type, F32 or F64, and one shape. Nothing is recorded.
  ///
  /// Error: F32 computes in F32 with fused multiply-adds, 8 units of last place of the change.
  ///
  /// @param coupled whether `decay p` is added to the gradient, as [Adam] does, instead
  /// @param rate learning rate
  /// @param step counted from 1
  /// @param scale factor on `g`
  public record Update(Options options, boolean coupled, double rate, long step, double scale)
      implements Kernel {
    /// Factor on `p` before it moves.
    double kept() {
      return coupled ? 1 : 1 - rate * options.decay();
    }

    /// Factor on `p` in the gradient.
    double pull() {
      return coupled ? options.decay() : 0;
    }

    /// The rate over the bias of `m`.
    double stride() {
      return rate / (1 - Math.pow(options.beta1(), (double) step));
    }

    /// Factor on the root of `v` for its bias.
    double spread() {
      return 1 / Math.sqrt(1 - Math.pow(options.beta2(), (double) step));
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(4, this, "p m v g", in);
      Rules.computing(this, "p m v g", in);
      boolean same = in.stream().allMatch(in.get(0)::equals);
      Rules.require(same, this, "shapes must agree", "p m v g", in);
      Rules.require(step >= 1, this, "steps count from 1", "p m v g", in);
      return List.of();
    }

    @Override
    public void reference(Call c) {
      DType type = c.dtype();
      for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
        double g = scale * c.get(3, i) + pull() * c.get(0, i);
        double m = options.beta1() * c.get(1, i) + (1 - options.beta1()) * g;
        double v = options.beta2() * c.get(2, i) + (1 - options.beta2()) * g * g;
        double root = Math.sqrt(v) * spread() + options.epsilon();
        type.write(c.in(0), i, kept() * c.get(0, i) - stride() * m / root);
        type.write(c.in(1), i, m);
        type.write(c.in(2), i, v);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      AdamWSimd.run(this, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClUpdate.adam(this, d, in.get(0));
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public Cost cost(List<Spec> in) {
      return new Cost(16.0 * in.get(0).shape().elems(), 7.0 * in.get(0).bytes());
    }
  }
}
