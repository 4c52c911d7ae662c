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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Attention of one query to every prefix of its keys, as a scan (Aaren; Feng et al., arXiv
/// 2405.13956): `o_t = sum_{j <= t} e^{s_j} v_j / sum_{j <= t} e^{s_j}`. Carried along are the
/// running maximum `m_t`, `u_t = sum e^(s_j - m_t)` and `w_t = sum e^(s_j - m_t) v_j`; `o_t = w_t /
/// u_t`. A score of `-inf` masks its value, which is not read; before any other, `o = 0`.
///
/// Shapes: scores `s [.., T]`, values `v [.., T, D]`, then with `initial` a state `m [..]`, `u
/// [..]`, `w [.., D]`; results `o [.., T, D]` and with `states` `m [.., T]`, `u [.., T]`, `w [..,
/// T, D]`; F32 or F64.
///
/// Gradient of `o` for `s` and `v`, in one pass backward: with `r_t = e^(m_t - m_{t+1}) u_t /
/// u_{t+1}`, `p_t = e^(s_t - m_t) / u_t`, `G_t = do_t + r_t G_{t+1}`, `K_t = r_t (G_{t+1} . (o_t -
/// o_{t+1}) + K_{t+1})`: `dv_t = p_t G_t`, `ds_t = p_t (do_t . (v_t - o_t) + r_t G_{t+1} . (v_t -
/// o_t) + K_t)`; all factors at most 1. Sums of differences, with `do_t . o_t` as `p_t do_t . v_t +
/// r_{t-1} do_t . o_{t-1}`, keep what is left where one key has nearly all the weight. The states
/// are for streaming and have none: using one throws. Cost: one read and one write of the values, 4
/// flops each. Error: `u` and the factors in double, `w` up to `T eps` of the largest value.
///
/// @param states whether the states are results
/// @param initial whether there is a state to go on from
public record AttentionScan(boolean states, boolean initial) implements Kernel {
  /// Where a scan stands: `m [..]`, `u [..]`, `w [.., D]`.
  public record State(Tensor m, Tensor u, Tensor w) {
    /// Before the first token; `u` has the shape `lead`.
    public static State start(Scope scope, DType dtype, Shape lead, long d) {
      long[] dims = Arrays.copyOf(lead.dims(), lead.rank() + 1);
      dims[lead.rank()] = d;
      return new State(
          scope.full(dtype, lead, Double.NEGATIVE_INFINITY),
          scope.zeros(dtype, lead),
          scope.zeros(dtype, Shape.of(dims)));
    }
  }

  /// The attention to all tokens so far, and where the scan stands.
  public record Step(Tensor o, State state) {}

  /// `o` for all prefixes.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor prefixes(Tensor s, Tensor v) {
    return new AttentionScan(false, false).of(s, v);
  }

  /// Folds one token, `s [..]` and `v [.., D]`, into `state`, in memory that does not grow with
  /// time; `o [.., D]`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Step step(State state, Tensor s, Tensor v) {
    long[] lead = s.shape().dims();
    long[] one = Arrays.copyOf(lead, lead.length + 1);
    one[lead.length] = 1;
    long[] row = Arrays.copyOf(one, one.length + 1);
    row[one.length] = v.shape().rank() == 0 ? 1 : v.dim(-1);
    List<Tensor> out =
        new AttentionScan(true, true)
            .apply(s.reshape(one), v.reshape(row), state.m(), state.u(), state.w());
    long[] d = v.shape().dims();
    State next =
        new State(out.get(1).reshape(lead), out.get(2).reshape(lead), out.get(3).reshape(d));
    return new Step(out.get(0).reshape(d), next);
  }

  private String names() {
    return initial ? "s v m u w" : "s v";
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(initial ? 5 : 2, this, names(), in);
    Rules.computing(this, names(), in);
    Spec s = in.get(0);
    Spec v = in.get(1);
    requireRows(this, names(), in);
    if (initial) {
      Shape lead = s.shape().without(-1);
      Rules.require(
          in.get(2).shape().equals(lead)
              && in.get(3).shape().equals(lead)
              && in.get(4).shape().equals(v.shape().without(-2)),
          this,
          "m and u must be [..] and w [.., D]",
          names(),
          in);
    }
    return states ? List.of(v, s, s, v) : List.of(v, s, s);
  }

  private static void requireRows(Kernel op, String names, List<Spec> in) {
    Shape v = in.get(1).shape();
    Rules.require(
        v.rank() >= 2 && in.get(0).shape().equals(v.without(-1)),
        op,
        "s must be [.., T] and v [.., T, D]",
        names,
        in);
  }

  @Override
  public void reference(Call c) {
    Shape v = c.inShape(1);
    long length = v.dim(-2);
    int d = Math.toIntExact(v.dim(-1));
    double[] w = new double[d];
    for (long row = 0; row < v.elems(0, v.rank() - 2); row++) {
      double m = initial ? c.get(2, row) : Double.NEGATIVE_INFINITY;
      double u = initial ? c.get(3, row) : 0;
      for (int i = 0; i < d; i++) {
        w[i] = initial ? c.get(4, row * d + i) : 0;
      }
      for (long t = row * length; t < (row + 1) * length; t++) {
        double old = m;
        m = Math.max(m, c.get(0, t));
        double keep = Math.exp(old - finite(m));
        double p = Math.exp(c.get(0, t) - finite(m));
        u = keep * u + p;
        c.set(1, t, m);
        c.set(2, t, u);
        for (int i = 0; i < d; i++) {
          w[i] = keep * w[i] + (p == 0 ? 0 : p * c.get(1, t * d + i));
          c.set(0, t * d + i, u == 0 ? 0 : w[i] / u);
          if (states) {
            c.set(3, t * d + i, w[i]);
          }
        }
      }
    }
  }

  /// The maximum to subtract: 0 where all is masked.
  static double finite(double m) {
    return m == Double.NEGATIVE_INFINITY ? 0 : m;
  }

  /// Whether a sum is of nothing: otherwise it has a term of 1.
  static boolean isNone(double u) {
    return u < Float.MIN_NORMAL;
  }

  @Override
  public void simd(Call c, Workers w) {
    AttentionScanSimd.forward(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRows.scan(d, this, in);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return AttentionScanSimd.scratch(in.get(1), workers);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1).andOutputs(0, 1, 2).andExtras(states ? 0 : 2);
  }

  /// @throws IllegalStateException if a state was used for a gradient, or an initial state wants
  ///   one
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    boolean used = false;
    for (int i = 1; i < dy.size(); i++) {
      used |= dy.get(i).isPresent();
    }
    for (int i = 2; i < n.inputs(); i++) {
      used |= n.needs(i);
    }
    if (used) {
      throw new IllegalStateException(
          Rules.name(this) + ": states have no gradient; got a request for one; detach them");
    }
    Tensor d = dy.get(0).orElseThrow();
    List<Tensor> out = new Grad().apply(n.in(0), n.in(1), n.out(0), n.out(1), n.out(2), d);
    Optional<Tensor> ds = n.needs(0) ? Optional.of(out.get(0)) : Optional.empty();
    Optional<Tensor> dv = n.needs(1) ? Optional.of(out.get(1)) : Optional.empty();
    return initial
        ? List.of(ds, dv, Optional.empty(), Optional.empty(), Optional.empty())
        : List.of(ds, dv);
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(4, in, infer(in));
  }

  /// Gradients of `s` and `v` from `s`, `v`, `o`, `m`, `u` and `do`.
  public record Grad() implements Kernel {
    private static final String NAMES = "s v o m u do";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(6, this, NAMES, in);
      Rules.computing(this, NAMES, in);
      requireRows(this, NAMES, in);
      Spec s = in.get(0);
      Spec v = in.get(1);
      Rules.require(
          in.get(2).equals(v) && in.get(5).equals(v) && in.get(3).equals(s) && in.get(4).equals(s),
          this,
          "o and do must have the shape of v, m and u that of s",
          NAMES,
          in);
      return List.of(s, v);
    }

    @Override
    public void reference(Call c) {
      Shape v = c.inShape(1);
      long length = v.dim(-2);
      int d = Math.toIntExact(v.dim(-1));
      double[] g = new double[d];
      for (long row = 0; row < v.elems(0, v.rank() - 2); row++) {
        Arrays.fill(g, 0);
        double k = 0;
        long end = (row + 1) * length;
        for (long t = end - 1; t >= row * length; t--) {
          double keep = t == end - 1 ? 0 : kept(c, t);
          double p = isNone(c.get(4, t)) ? 0 : weight(c, t);
          boolean first = t == row * length;
          double step = 0;
          double later = 0;
          double value = 0;
          double mean = 0;
          for (int i = 0; i < d; i++) {
            long at = t * d + i;
            double x = c.get(5, at);
            step += keep == 0 ? 0 : g[i] * (c.get(2, at) - c.get(2, at + d));
            later += p == 0 || keep == 0 ? 0 : g[i] * (c.get(1, at) - c.get(2, at));
            value += p == 0 ? 0 : x * c.get(1, at);
            mean += x * c.get(2, first ? at : at - d);
            g[i] = keep * g[i] + x;
            c.set(1, at, p == 0 ? 0 : p * g[i]);
          }
          k = keep == 0 ? 0 : keep * (step + k);
          mean = first ? mean : p * value + kept(c, t - 1) * mean;
          c.set(0, t, p == 0 ? 0 : p * (value - mean + keep * later + k));
        }
      }
    }

    private static double weight(Call c, long t) {
      return Math.exp(c.get(0, t) - finite(c.get(3, t))) / c.get(4, t);
    }

    /// What step `t + 1` keeps of step `t`.
    private static double kept(Call c, long t) {
      return ratio(c.get(3, t), c.get(4, t), c.get(3, t + 1), c.get(4, t + 1));
    }

    /// `e^(lse_t - lse_{t+1})`
    static double ratio(double m, double u, double nextM, double nextU) {
      return isNone(nextU) ? 0 : Math.exp(m - finite(nextM)) * u / nextU;
    }

    @Override
    public void simd(Call c, Workers w) {
      AttentionScanSimd.backward(c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClRows.scanBack(d, in);
    }

    @Override
    public long scratch(List<Spec> in, int workers) {
      return AttentionScanSimd.scratch(in.get(1), workers);
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
      return Cost.streaming(8, in, infer(in).subList(1, 2));
    }
  }
}
