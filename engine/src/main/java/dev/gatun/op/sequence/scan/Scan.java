package dev.gatun.op.sequence.scan;

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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// A linear recurrence along an axis: `h_t = A_t h_(t-1) + b_t`, whose results are all states and
/// the last one. In reverse it begins at the end; exclusive, the result at `t` is the state before
/// that step.
///
/// Shapes: `b` and `h` agree, F32 or F64; an initial state, which may be left out and is then 0,
/// and the last state are `b` without `axis`. For [Combiner.Affine] `a` has the rank of `b`, each
/// of its axes that size or 1: a gate may be the same at all times, or for many channels. For
/// [Combiner.ComplexAffine] all of these are two tensors, real and imaginary part. For
/// [Combiner.Block] `b [.., T, k, ..]` has the parts of a state right behind time, and `a [.., T,
/// k, k, ..]`. Inputs: `a`, `b`, initial state.
///
/// A step sees nothing of later ones and a channel nothing of others, also of NaN and infinities.
/// States below the least normal number count as 0, which a decaying state comes to, where
/// arithmetic would be a hundred times slower; kernels look at least every eighth step.
///
/// Gradient: [Grad], one scan the other way with the gates one step later: `g_t = dh_t + A_(t+1)^T
/// g_(t+1)`, `db_t = g_t`, `dA_t = g_t h_(t-1)^T`: nothing is divided by products of gates, which
/// may be 0. Cost: one read of `a` and `b`, one write of `h`, a multiply-add for each gate and
/// channel. Error: that of `T` steps in the type of the inputs; where all intermediate numbers are
/// integers below `2^24` (F32), none. Source: Blelloch, "Prefix Sums and Their Applications",
/// CMU-CS-90-190; Martin and Cundy, "Parallelizing Linear Recurrent Neural Nets Over Sequence
/// Length", arXiv 1709.04057.
///
/// @param combiner structure of the gates
/// @param axis of time, counted from 0
/// @param reverse whether the last step comes first
/// @param exclusive whether results are the states before their steps
/// @param mode schedule on a CPU
public record Scan(Combiner combiner, int axis, boolean reverse, boolean exclusive, Mode mode)
    implements Kernel {
  /// `h_t = a_t h_(t-1) + b_t` for each channel.
  public static Scan affine(int axis) {
    return new Scan(new Combiner.Affine(), axis, false, false, Mode.AUTO);
  }

  /// The same for complex channels.
  public static Scan complex(int axis) {
    return new Scan(new Combiner.ComplexAffine(), axis, false, false, Mode.AUTO);
  }

  /// `h_t = A_t h_(t-1) + b_t` with matrices of `size` rows for each channel.
  public static Scan blocks(int axis, int size) {
    return new Scan(new Combiner.Block(size), axis, false, false, Mode.AUTO);
  }

  /// This scan from the end.
  public Scan reversed() {
    return new Scan(combiner, axis, !reverse, exclusive, mode);
  }

  /// This scan with states before their steps.
  public Scan exclusively() {
    return new Scan(combiner, axis, reverse, true, mode);
  }

  /// This scan by another schedule.
  public Scan by(Mode schedule) {
    return new Scan(combiner, axis, reverse, exclusive, schedule);
  }

  private String names() {
    return combiner.tensors() == 1 ? "a b h0" : "a.re a.im b.re b.im h0.re h0.im";
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    int n = combiner.tensors();
    if (in.size() != 3 * n) {
      Rules.count(2 * n, this, names(), in);
    }
    Rules.computing(this, names(), in);
    Shape b = in.get(n).shape();
    boolean fits = true;
    for (int i = 0; i < in.size(); i++) {
      fits &= in.get(i).equals(in.get(i / n * n));
    }
    Rules.require(fits, this, "real and imaginary parts must agree", names(), in);
    Rules.require(
        ScanLayout.fits(combiner, axis, in.get(0).shape(), b),
        this,
        combiner.axes() == 0
            ? "axis must exist, and each axis of a be that of b or 1"
            : "b must be [.., T, k, ..] and a [.., T, k, k, ..], other axes those of b or 1",
        names(),
        in);
    Spec last = in.get(n).withShape(b.without(axis));
    Rules.require(
        in.size() == 2 * n || in.get(2 * n).equals(last),
        this,
        "h0 must be b without the axis of time",
        names(),
        in);
    List<Spec> out = new ArrayList<>(Collections.nCopies(n, in.get(n)));
    out.addAll(Collections.nCopies(n, last));
    return out;
  }

  @Override
  public void reference(Call c) {
    PlainScan.forward(this, c);
  }

  @Override
  public void simd(Call c, Workers w) {
    ScanSimd.forward(this, c, w);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    int n = combiner.tensors();
    return ScanSimd.scratch(combiner, mode, axis, in.get(0), in.get(n), workers);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClScan.forward(this, d, in);
  }

  @Override
  public Keep keep() {
    int n = combiner.tensors();
    return n == 1 ? Keep.inputs(0, 2).andOutputs(0) : Keep.inputs(0, 1, 4, 5).andOutputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return ScanGradients.of(this, n, dy);
  }

  @Override
  public Cost cost(List<Spec> in) {
    double flops = 2.0 * combiner.gates() / combiner.size() * (combiner.tensors() == 2 ? 2 : 1);
    return Cost.streaming(flops, in, infer(in).subList(0, combiner.tensors()));
  }

  /// Gradient of a [Scan] in one pass the other way. Inputs: `a`, `h`, `dh`, then where there are
  /// any the gradient of the last state and the initial state; outputs: the gradients of the gates,
  /// as if no two were shared, of `b`, and of the initial state.
  ///
  /// @param last whether the last state has a gradient
  /// @param initial whether there was an initial state
  public record Grad(Scan of, boolean last, boolean initial) implements Kernel {
    private String names() {
      return of.combiner.tensors() == 1
          ? "a h dh dlast h0"
          : "a.re a.im h.re h.im dh.re dh.im dlast.re dlast.im h0.re h0.im";
    }

    @Override
    public List<Spec> infer(List<Spec> in) {
      int n = of.combiner.tensors();
      Rules.count(n * (3 + (last ? 1 : 0) + (initial ? 1 : 0)), this, names(), in);
      Rules.computing(this, names(), in);
      Spec h = in.get(n);
      Shape b = h.shape();
      boolean fits = ScanLayout.fits(of.combiner, of.axis, in.get(0).shape(), b);
      for (int i = n; i < in.size() && fits; i++) {
        fits = in.get(i).shape().equals(i < 3 * n ? b : b.without(of.axis));
      }
      Rules.require(fits, this, "h and dh must be alike, and a fit them", names(), in);
      int axis = of.axis;
      Shape a = of.combiner.axes() == 0 ? b : b.insert(axis + 1, of.combiner.size());
      List<Spec> out = new ArrayList<>(Collections.nCopies(n, h.withShape(a)));
      out.addAll(Collections.nCopies(n, h));
      out.addAll(Collections.nCopies(n, h.withShape(b.without(axis))));
      return out;
    }

    @Override
    public void reference(Call c) {
      PlainScan.backward(this, c);
    }

    @Override
    public void simd(Call c, Workers w) {
      ScanSimd.backward(this, c, w);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      int n = of.combiner.tensors();
      return ScanSimd.scratch(of.combiner, of.mode, of.axis, in.get(0), in.get(n), workers);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClScan.backward(this, d, in);
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
      return Cost.streaming(2.0 * of.combiner.size(), in, infer(in));
    }
  }
}
