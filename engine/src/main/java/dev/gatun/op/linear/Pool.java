package dev.gatun.op.linear;

import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// One number from each window over each channel.
interface Pool extends Kernel {
  /// 1 or 2.
  int axes();

  /// Taps along the height; of no account with one axis.
  int kernelH();

  /// Taps along the width.
  int kernelW();

  /// Stride, padding and dilation.
  Window window();

  /// Taps of a window.
  default int taps() {
    return (axes() == 1 ? 1 : kernelH()) * kernelW();
  }

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    return List.of(in.get(0).withShape(result(in)));
  }

  /// The shape of the result, checked.
  private Shape result(List<Spec> in) {
    Shape x = in.get(0).shape();
    Rules.require(
        (axes() == 1 || axes() == 2) && x.rank() == axes() + 2,
        this,
        axes() == 1 ? "x must be [N, C, W]" : "x must be [N, C, H, W]",
        "x",
        in);
    Window w = axes() == 1 ? window().line() : window();
    int h = axes() == 1 ? 1 : kernelH();
    Rules.require(h > 0 && kernelW() > 0, this, "a window must have taps", "x", in);
    Rules.require(
        Math.max(w.top(), w.bottom()) <= w.dilationH() * (h - 1)
            && Math.max(w.left(), w.right()) <= w.dilationW() * (kernelW() - 1),
        this,
        "padding must be less than the window",
        "x",
        in);
    Shape y = x.with(-1, w.columns(x.dim(-1), kernelW()));
    y = axes() == 1 ? y : y.with(-2, w.rows(x.dim(-2), h));
    Rules.require(
        y.elems(2, axes() + 2) > 0, this, "a window must fit into the padded image", "x", in);
    return y;
  }

  /// Checks inputs of a gradient: `x`, results in between, and `dy`.
  static List<Spec> inferGrad(Kernel grad, Pool op, String names, List<Spec> in) {
    Rules.count(names.split(" ", -1).length, grad, names, in);
    Rules.computing(grad, names, in);
    List<Spec> y = op.infer(in.subList(0, 1));
    Rules.require(
        in.subList(1, in.size()).stream().allMatch(y.get(0)::equals),
        grad,
        "the others must have the shape of the result for x",
        names,
        in);
    return in.subList(0, 1);
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return PoolSimd.scratch(this, in.get(0), infer(in).get(0), false, workers);
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(taps(), in, infer(in));
  }
}
