package dev.gatun.op.sequence.rnn;

import dev.gatun.op.Cost;
import dev.gatun.op.Op;
import dev.gatun.op.Rules;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.MatMul;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// Recurrent layers: the input's part of all steps as one product, [Lstm], [Gru] or [Rnn] for each
/// direction, and the directions put together.
public final class Recurrent {
  private Recurrent() {}

  /// Which way a layer reads its sequence.
  public enum Direction {
    FORWARD,
    /// From the end.
    REVERSE,
    /// Both, the forward one first.
    BIDIRECTIONAL
  }

  /// Weights of one direction, gates below each other; see [Cell] for their order.
  ///
  /// @param input `[G H, I]`
  /// @param state `[G H, P]`, `P = H` but for a projection
  /// @param inputBias `[G H]`
  /// @param stateBias `[G H]`
  /// @param peepholes `[3H]` of input, output and forget gate, for [LstmCell]
  /// @param projection `[P, H]`, for [LstmCell]
  public record Weights(
      Tensor input,
      Tensor state,
      Optional<Tensor> inputBias,
      Optional<Tensor> stateBias,
      Optional<Tensor> peepholes,
      Optional<Tensor> projection) {
    /// Weights without peepholes and projection.
    public Weights(
        Tensor input, Tensor state, Optional<Tensor> inputBias, Optional<Tensor> stateBias) {
      this(input, state, inputBias, stateBias, Optional.empty(), Optional.empty());
    }

    /// The weights of direction `d` where ONNX has them: `w [D, G H, I]`, `r [D, G H, H]`, `b [D, 2
    /// G H]`, `p [D, 3H]`.
    public static Weights of(Tensor w, Tensor r, Optional<Tensor> b, Optional<Tensor> p, int d) {
      long rows = w.dim(1);
      Optional<Tensor> bias = b.map(v -> direction(v, d));
      return new Weights(
          direction(w, d),
          direction(r, d),
          bias.map(v -> v.slice(0, 0, rows)),
          bias.map(v -> v.slice(0, rows, 2 * rows)),
          p.map(v -> direction(v, d)),
          Optional.empty());
    }

    private static Tensor direction(Tensor t, int d) {
      return t.slice(0, d, d + 1).reshape(t.shape().without(0).dims());
    }
  }

  /// What a layer makes: of one direction `y [T, B, P]`, `h [B, P]`, `c [B, H]`; of a [#layer] `y
  /// [T, B, D P]`, `h [D, B, P]`, `c [D, B, H]`.
  ///
  /// @param c the last cell, of an [LstmCell] only
  public record Result(Tensor y, Tensor h, Optional<Tensor> c) {
    /// `y` of a layer as ONNX has it, `[T, D, B, P]`.
    public Tensor byDirection() {
      long d = h.dim(0);
      return y.reshape(y.dim(0), y.dim(1), d, y.dim(2) / d).permute(0, 2, 1, 3);
    }
  }

  /// One layer in one direction or both.
  ///
  /// @param cells one for each direction
  /// @param weights one for each direction
  /// @param x `[T, B, I]`
  /// @param h0 `[D, B, P]`, zero where there is none
  /// @param c0 `[D, B, H]`, zero where there is none
  /// @param lengths `[B]`, I32 or I64 in `[0, T]`
  /// @throws IllegalArgumentException if there is not a cell and weights for each direction, or
  ///   shapes or types do not fit
  public static Result layer(
      List<? extends Cell> cells,
      Direction direction,
      Tensor x,
      List<Weights> weights,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths) {
    int count = direction == Direction.BIDIRECTIONAL ? 2 : 1;
    if (cells.size() != count || weights.size() != count) {
      throw new IllegalArgumentException(
          ("Recurrent.layer: there must be a cell and weights for each direction; got %d and %d"
                  + " for %s")
              .formatted(cells.size(), weights.size(), direction));
    }
    List<Result> results = new ArrayList<>();
    for (int d = 0; d < count; d++) {
      int at = d;
      results.add(
          cells
              .get(d)
              .run(
                  x,
                  weights.get(d),
                  h0.map(h -> Weights.direction(h, at)),
                  c0.map(c -> Weights.direction(c, at)),
                  lengths,
                  direction == Direction.REVERSE || d == 1));
    }
    return joined(results);
  }

  /// The results of the directions as those of a layer.
  ///
  /// @param results one or two
  public static Result joined(List<Result> results) {
    Result first = results.get(0);
    if (results.size() == 1) {
      return new Result(first.y(), first.h().unsqueeze(0), first.c().map(c -> c.unsqueeze(0)));
    }
    Result second = results.get(1);
    return new Result(
        first.y().concat(2, second.y()),
        first.h().stack(0, second.h()),
        first.c().map(c -> c.stack(0, second.c().orElseThrow())));
  }

  static Result lstm(
      LstmCell cell,
      Tensor x,
      Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse) {
    Tensor a = projected(x, w, both(w));
    List<Tensor> in = new ArrayList<>();
    in.add(a);
    in.add(w.state());
    in.add(orZeros(h0, state(x, w.state().dim(-1)), x));
    in.add(orZeros(c0, state(x, a.dim(2) / cell.gates()), x));
    w.peepholes().ifPresent(in::add);
    w.projection().ifPresent(in::add);
    lengths.ifPresent(in::add);
    Lstm op =
        new Lstm(
            cell,
            w.peepholes().isPresent(),
            w.projection().isPresent(),
            lengths.isPresent(),
            reverse);
    List<Tensor> out = op.apply(in.toArray(Tensor[]::new));
    return new Result(out.get(0), out.get(1), Optional.of(out.get(2)));
  }

  static Result gru(
      GruCell cell,
      Tensor x,
      Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse) {
    requirePlain("GruCell", w, c0);
    boolean apart = cell.linearBeforeReset() && w.stateBias().isPresent();
    List<Tensor> in = new ArrayList<>();
    in.add(projected(x, w, apart ? w.inputBias() : both(w)));
    in.add(w.state());
    in.add(orZeros(h0, state(x, w.state().dim(-1)), x));
    if (apart) {
      w.stateBias().ifPresent(in::add);
    }
    lengths.ifPresent(in::add);
    List<Tensor> out =
        new Gru(cell, apart, lengths.isPresent(), reverse).apply(in.toArray(Tensor[]::new));
    return new Result(out.get(0), out.get(1), Optional.empty());
  }

  static Result rnn(
      RnnCell cell,
      Tensor x,
      Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse) {
    requirePlain("RnnCell", w, c0);
    List<Tensor> in = new ArrayList<>();
    in.add(projected(x, w, both(w)));
    in.add(w.state());
    in.add(orZeros(h0, state(x, w.state().dim(-1)), x));
    lengths.ifPresent(in::add);
    List<Tensor> out = new Rnn(cell, lengths.isPresent(), reverse).apply(in.toArray(Tensor[]::new));
    return new Result(out.get(0), out.get(1), Optional.empty());
  }

  private static void requirePlain(String cell, Weights w, Optional<Tensor> c0) {
    if (w.peepholes().isPresent() || w.projection().isPresent() || c0.isPresent()) {
      throw new IllegalArgumentException(
          "%s: there must be no peepholes, projection and initial cell; got %s, %s, %s"
              .formatted(
                  cell,
                  w.peepholes().map(Tensor::spec),
                  w.projection().map(Tensor::spec),
                  c0.map(Tensor::spec)));
    }
  }

  private static Tensor projected(Tensor x, Weights w, Optional<Tensor> bias) {
    return MatMul.linear(x, w.input(), bias, Activation.NONE);
  }

  private static Optional<Tensor> both(Weights w) {
    Optional<Tensor> sum = w.inputBias().flatMap(a -> w.stateBias().map(a::add));
    return sum.or(w::inputBias).or(w::stateBias);
  }

  private static Spec state(Tensor x, long units) {
    return x.spec().withShape(Shape.of(x.dim(1), units));
  }

  /// `t`, or zeros of `spec` beside `near`.
  static Tensor orZeros(Optional<Tensor> t, Spec spec, Tensor near) {
    return t.orElseGet(() -> near.scope().zeros(spec.dtype(), spec.shape()));
  }

  /// `sum_{t, b} da[t, b]^T h[t, b]`
  static Tensor outer(Tensor da, Tensor h) {
    Function<Tensor, Tensor> rows = v -> v.reshape(v.dim(0) * v.dim(1), v.dim(2));
    return new MatMul(true, false).of(rows.apply(da), rows.apply(h));
  }

  static IllegalStateException noSecondDerivative(Op op) {
    return new IllegalStateException(
        Rules.name(op) + ": there is no second derivative; got a request for one");
  }

  /// Products with `r` and some twenty flops a gate, and everything touched once.
  static Cost cost(Spec x, Spec r, List<Spec> in, List<Spec> out) {
    double each = 2.0 * r.shape().dim(1) + 20;
    return new Cost(x.shape().elems() * each, Cost.streaming(0, in, out).bytes());
  }
}
