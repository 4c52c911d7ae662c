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
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Stochastic gradient descent. With `d = g + decay p`:
///
/// ```
/// b = momentum b + d
/// p = p - rate (nesterov ? d + momentum b : b)
/// ```
///
/// and `p = p - rate d` without momentum, which then needs no `b`.
///
/// Cost: one pass in place, 20 bytes an F32 element, 12 without momentum.
///
/// Source: Sutskever et al., On the importance of initialization and momentum in deep learning,
/// 2013, section 2, with the rate outside the momentum.
public final class Sgd extends Optimizer {
  private final Options options;
  private final List<Variable> momenta;

  /// How SGD moves.
  ///
  /// @param momentum memory of the gradient, in [0, 1)
  /// @param decay weight decay, added to the gradient, at least 0
  /// @param nesterov whether the step looks ahead along the momentum
  public record Options(double momentum, double decay, boolean nesterov) {
    /// @throws IllegalArgumentException unless each is in its range
    public Options {
      if (!(momentum >= 0) || !(momentum < 1) || !(decay >= 0)) {
        throw new IllegalArgumentException(
            "Sgd: momentum must lie in [0, 1) and decay be at least 0; got %s, %s"
                .formatted(momentum, decay));
      }
    }

    /// No momentum, no decay.
    public static Options plain() {
      return new Options(0, 0, false);
    }
  }

  private Sgd(Collection<Variable> parameters, Options options) {
    super(parameters);
    this.options = options;
    this.momenta =
        options.momentum() == 0
            ? List.of()
            : parameters().stream().map(Optimizer::zerosLike).toList();
  }

  /// For these parameters.
  public static Sgd of(Collection<Variable> parameters, Options options) {
    return new Sgd(parameters, options);
  }

  @Override
  void update(int i, Tensor dp, double rate, double scale) {
    Variable p = parameters().get(i);
    List<Variable> cells = momenta.isEmpty() ? List.of(p) : List.of(p, momenta.get(i));
    p.value().scope().update(new Update(options, rate, scale), cells, List.of(dp));
  }

  /// One step of one parameter as an op that writes `p`, and `b` where there is momentum, in place
  /// and reads `g`, all of one type, F32 or F64, and one shape. Nothing is recorded.
  ///
  /// @param rate learning rate
  /// @param scale factor on `g`
  public record Update(Options options, double rate, double scale) implements Kernel {
    private boolean hasMomentum() {
      return options.momentum() != 0;
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      String names = hasMomentum() ? "p b g" : "p g";
      Rules.count(hasMomentum() ? 3 : 2, this, names, in);
      Rules.computing(this, names, in);
      Rules.require(in.stream().allMatch(in.get(0)::equals), this, "shapes must agree", names, in);
      return List.of();
    }

    @Override
    public void reference(Call c) {
      DType type = c.dtype();
      int last = c.inputs() - 1;
      for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
        double d = scale * c.get(last, i) + options.decay() * c.get(0, i);
        double b = d;
        if (hasMomentum()) {
          b = options.momentum() * c.get(1, i) + d;
          type.write(c.in(1), i, b);
        }
        double move = options.nesterov() ? d + options.momentum() * b : b;
        type.write(c.in(0), i, c.get(0, i) - rate * move);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      SgdSimd.run(this, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClUpdate.sgd(this, d, in);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return Collections.nCopies(n.inputs(), Optional.empty());
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public Cost cost(List<Spec> in) {
      return new Cost(8.0 * in.get(0).shape().elems(), (2.0 * in.size() - 1) * in.get(0).bytes());
    }
  }
}
