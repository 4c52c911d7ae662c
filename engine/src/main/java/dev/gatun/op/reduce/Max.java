package dev.gatun.op.reduce;

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
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// `y = max(x)` over `axes`. NaN wins over every number, +0 over -0.
///
/// Shapes and cost: as [Sum]. Error: none. Gradient: `dy`, shared evenly among the elements that
/// equal the maximum, which keeps it symmetric; among the NaN where the maximum is one.
///
/// Throws [IllegalArgumentException] where `axes` have no elements: there is no maximum of nothing.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record Max(List<Integer> axes, boolean keepDims) implements Reduction {
  /// Copies `axes`.
  public Max {
    axes = List.copyOf(axes);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Reduction.super.infer(in);
    Rules.require(joined(in.get(0).shape()) > 0, this, "the axes must have elements", "x", in);
    return out;
  }

  @Override
  public double identity() {
    return Double.NEGATIVE_INFINITY;
  }

  @Override
  public double join(double a, double b) {
    return Math.max(a, b);
  }

  @Override
  public long divisor(long elems) {
    return 1;
  }

  @Override
  public Workers.Body body() {
    return MaxSimd.PASS;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(d, in.get(0), axes(), infer(in).get(0), ClReduce.Form.highest("x"), 0);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.of(share(n.in(0), n.out(0), dy.get(0).orElseThrow(), axes)));
  }

  /// `dy` shared among the elements of `x` that equal their extreme `y` over `axes`.
  static Tensor share(Tensor x, Tensor y, Tensor dy, List<Integer> axes) {
    return asRows(x, axes, rows -> new Grad().of(rows, y.reshape(-1), dy.reshape(-1)));
  }

  /// `f` on `x` as a matrix with a row for each result of a reduction over `axes`, its result laid
  /// out as `x`.
  static Tensor asRows(Tensor x, List<Integer> axes, UnaryOperator<Tensor> f) {
    List<Integer> order =
        Stream.concat(
                IntStream.range(0, x.shape().rank()).boxed().filter(a -> !axes.contains(a)),
                axes.stream())
            .toList();
    int[] there = order.stream().mapToInt(a -> a).toArray();
    int[] back = IntStream.range(0, there.length).map(order::indexOf).toArray();
    Tensor runs = x.permute(there);
    int kept = there.length - axes.size();
    Shape s = runs.shape();
    Tensor rows = runs.reshape(s.elems(0, kept), s.elems(kept, there.length));
    return f.apply(rows).reshape(runs.shape().dims()).permute(back);
  }

  /// `dx [m, n]` from `x [m, n]`, its maxima `y [m]` and `dy [m]`.
  public record Grad() implements Kernel {
    private static final String NAMES = "x y dy";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(3, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      Shape rows = in.get(0).shape();
      Rules.require(rows.rank() == 2, this, "x must be [m, n]", NAMES, in);
      Shape m = Shape.of(rows.dim(0));
      Rules.require(
          in.get(1).shape().equals(m) && in.get(2).shape().equals(m),
          this,
          "y and dy must be [m]",
          NAMES,
          in);
      return List.of(in.get(0));
    }

    @Override
    public void reference(Call c) {
      for (long r = 0, m = c.inShape(0).dim(0); r < m; r++) {
        row(c, r, c.inShape(0).dim(1));
      }
    }

    /// Two reads of the row; comparing doubles with `compare` makes NaN equal to itself.
    static void row(Call c, long r, long n) {
      double y = c.get(1, r) + 0.0;
      long ties = 0;
      for (long i = r * n; i < (r + 1) * n; i++) {
        ties += Double.compare(c.get(0, i) + 0.0, y) == 0 ? 1 : 0;
      }
      double share = c.get(2, r) / ties;
      for (long i = r * n; i < (r + 1) * n; i++) {
        c.set(0, i, Double.compare(c.get(0, i) + 0.0, y) == 0 ? share : 0);
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      MaxGradSimd.run(c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.max(d, in.get(0));
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return MaxGradSimd.scratch(in.get(0).shape());
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// A step function of `x` and `y`, linear in `dy`; none of the three is differentiated again.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty(), Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(2, in, infer(in));
    }
  }
}
