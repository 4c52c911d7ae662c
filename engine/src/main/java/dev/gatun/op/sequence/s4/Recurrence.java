package dev.gatun.op.sequence.s4;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A state space model discretised once, as [StateStep] takes it: `x' = F x + B u - sum_r L_r 2
/// Re(T_r . x)`, `y_k = 2 Re(C_k . x')`, for each feature. Generation and streams go by it, in
/// memory that does not grow.
///
/// @param features `H`
/// @param model `[P, M, N, 16]`, panels and rows as [StateStep] has them
/// @param channels number of results of a feature
/// @param rank of the correction, 0 for a diagonal matrix
public record Recurrence(long features, Tensor model, int channels, int rank) {
  /// A model of its parts.
  ///
  /// @param factor `F [H, N]`
  /// @param input `B [H, N]`
  /// @param left `L_r`, each `[H, N]`
  /// @param right `T_r`, each `[H, N]`
  /// @param c `[K, H, N]`
  static Recurrence of(
      Complex factor, Complex input, List<Complex> left, List<Complex> right, Complex c) {
    List<Complex> rows = new ArrayList<>(List.of(factor, input));
    for (int r = 0; r < left.size(); r++) {
      rows.add(left.get(r));
      rows.add(right.get(r));
    }
    int channels = Math.toIntExact(c.re().dim(0));
    for (int k = 0; k < channels; k++) {
      long channel = k;
      rows.add(c.view(t -> t.select(0, channel)));
    }
    Tensor[] parts =
        rows.stream()
            .flatMap(x -> Stream.of(x.re(), x.im()))
            .map(t -> StateStep.panels(t.transpose(0, 1)).transpose(0, 1))
            .toArray(Tensor[]::new);
    Tensor model =
        parts[0].stack(1, List.of(parts).subList(1, parts.length).toArray(Tensor[]::new));
    return new Recurrence(factor.re().dim(0), model, channels, left.size());
  }

  /// What a step leaves.
  ///
  /// @param y `[B, S, K, H]`
  /// @param state `[B, P, 2, N, 16]`
  public record Result(Tensor y, Tensor state) {}

  /// Results and state after inputs `u [B, S, H]` from `state`.
  ///
  /// @param d factors `[K, H]` of the input in the results, if any
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Result steps(Tensor state, Tensor u, Optional<Tensor> d) {
    StateStep op = new StateStep(channels, rank, d.isPresent());
    List<Tensor> out =
        d.map(t -> op.apply(state, u, model, t)).orElseGet(() -> op.apply(state, u, model));
    return new Result(out.get(0), out.get(1));
  }

  /// The state before the first step, `[batch, P, 2, N, 16]`.
  public Tensor zeros(long batch) {
    Shape shape = Shape.of(batch, model.dim(0), 2, model.dim(2), StateStep.PANEL);
    return model.scope().zeros(model.dtype(), shape);
  }

  /// States `[B, H, N]` as [#steps] takes them.
  public static Tensor packed(Complex state) {
    Complex panels = state.view(t -> StateStep.panels(t.transpose(1, 2)).transpose(1, 2));
    return panels.re().stack(2, panels.im());
  }

  /// States `[B, h, N]` of what [#steps] leaves.
  public static Complex unpacked(Tensor state, long h) {
    return new Complex(state.select(2, 0), state.select(2, 1))
        .view(t -> StateStep.features(t.transpose(1, 2), h).transpose(1, 2));
  }

  /// The states after one step from states `[B, H, N]` with inputs `[B, H]`.
  Complex step(Complex state, Tensor u) {
    return unpacked(steps(packed(state), u.unsqueeze(1), Optional.empty()).state(), features);
  }
}
