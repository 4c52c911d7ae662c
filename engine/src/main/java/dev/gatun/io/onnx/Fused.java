package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.linear.PackedConv;
import dev.gatun.op.linear.PackedMatMul;
import dev.gatun.op.linear.QuantizedLinear;
import dev.gatun.op.math.SwiGlu;
import dev.gatun.op.reduce.AddNorm;
import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// What patterns of nodes become: each is an operator over the engine's op. Where shapes turn out
/// not to fit the op, the plain composition runs.
sealed interface Fused extends Operator {
  /// Inputs: `x`, weight, bias, and the residual that is added first.
  record Norm(boolean centred, double eps, boolean residual) implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      Optional<Tensor> weight = n.optional(1);
      Optional<Tensor> bias = n.optional(2);
      boolean rows = isRow(weight, x) && isRow(bias, x);
      if (residual && rows && x.shape().equals(n.shape(3)) && n.type(0).isWhole()) {
        List<Tensor> both =
            centred
                ? AddNorm.layer(x, n.tensor(3), weight, bias, eps)
                : AddNorm.rms(x, n.tensor(3), weight, eps);
        return List.of(n.like(0, both.get(0)));
      }
      Tensor sum = residual ? n.like(0, x.add(n.tensor(3))).tensor() : x;
      if (isRow(weight, sum) && isRow(bias, sum)) {
        return List.of(n.like(0, normed(sum, weight, bias)));
      }
      Tensor y = normed(sum, Optional.empty(), Optional.empty());
      Tensor scaled = weight.map(y::mul).orElse(y);
      return List.of(n.like(0, bias.map(scaled::add).orElse(scaled)));
    }

    private Tensor normed(Tensor x, Optional<Tensor> weight, Optional<Tensor> bias) {
      return centred ? LayerNorm.of(x, weight, bias, eps) : RmsNorm.of(x, weight, eps);
    }

    /// A single number, or a row where `x` has columns of one, is repeated instead.
    private static boolean isRow(Optional<Tensor> t, Tensor x) {
      return t.isEmpty() || t.get().shape().equals(Shape.of(x.dim(-1)));
    }
  }

  /// An activation of its input.
  record Act(Activation activation) implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      return List.of(n.like(0, activation.of(n.tensor(0))));
    }
  }

  /// `x x`.
  record Square() implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      return List.of(n.like(0, x.mul(x)));
    }
  }

  /// Inputs: those of Conv.
  record Convolution(Activation activation) implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      return List.of(
          n.like(
              0,
              ConvolutionOperators.conv(n, n.tensor(0), n.tensor(1), n.optional(2), activation)));
    }
  }

  /// Inputs: `x`, packed weight, bias.
  ///
  /// @param kernel sizes of the window
  record PackedConvolution(long outputs, List<Long> kernel, Activation activation)
      implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      long[] sizes = kernel.stream().mapToLong(Long::longValue).toArray();
      Sliding s = Sliding.of(n, ConvolutionOperators.spatial(x.shape()), sizes);
      return List.of(
          n.like(
              0,
              PackedConv.of(
                  x,
                  n.tensor(1),
                  outputs,
                  kernel,
                  n.optional(2),
                  s.window(s.after()),
                  activation)));
    }
  }

  /// [dev.gatun.op.math.GeluTanh].
  record GeluTanh() implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      return List.of(n.like(0, n.tensor(0).geluTanh()));
    }
  }

  /// `silu(gate) up`. Inputs: gate, up.
  record Gated() implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Tensor gate = n.tensor(0);
      Tensor up = n.tensor(1);
      return List.of(
          n.like(
              0,
              gate.shape().equals(up.shape()) ? new SwiGlu().of(gate, up) : gate.silu().mul(up)));
    }
  }

  /// Inputs: `x`, weight `[k, n]`, bias.
  record Linear(Activation activation) implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      return List.of(
          n.like(0, MatMul.product(n.tensor(0), n.tensor(1), n.optional(2), activation)));
    }
  }

  /// A product of bytes with a scale for all of `x`, found anew in each run. Inputs: `x`, weight,
  /// scale, bias, zero points of the weight.
  record DynamicLinear() implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Optional<Tensor> zero = n.optional(4);
      Optional<Tensor> bias = n.optional(3);
      return List.of(
          n.like(0, QuantizedLinear.of(n.tensor(0), n.tensor(1), n.tensor(2), zero, bias, false)));
    }
  }

  /// Inputs: `x`, packed weight, bias.
  record PackedLinear(long columns, Activation activation) implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      Optional<Tensor> bias = n.optional(2);
      return List.of(n.like(0, PackedMatMul.of(x, n.tensor(1), columns, bias, activation)));
    }
  }

  /// Inputs: `q [.., Sq, D]`, `k` transposed `[.., D, Sk]`, `v [.., Sk, Dv]`, additive bias, truth
  /// values, and what takes the place of scores where they are equal to `hidden`.
  ///
  /// @param fourth whether the softmax is along axis 3, which is the last one of four
  record Attend(double scale, boolean fourth, boolean hidden) implements Fused {
    private static final int BIAS = 3;
    private static final int CHOICE = 4;
    private static final int LOW = 5;

    @Override
    public List<Value> run(Invocation n) {
      Tensor q = n.tensor(0);
      Tensor k = n.tensor(1);
      Tensor v = n.tensor(2);
      if (!fits(n, q, k, v)) {
        return List.of(n.like(0, composed(n, q, k, v)));
      }
      AttentionOptions options = AttentionOptions.of(Mask.none()).withScale(scale);
      if (n.has(BIAS) || n.has(CHOICE)) {
        Tensor zero = n.scope().full(q.dtype(), Shape.of(), 0);
        Tensor bias = n.optional(BIAS).orElse(zero);
        bias = n.has(CHOICE) ? chosen(n, bias) : bias;
        while (bias.shape().rank() < 4) {
          bias = bias.unsqueeze(0);
        }
        options = options.with(Operand.BIAS, bias);
      }
      return List.of(n.like(0, Attention.of(q, k.transpose(), v, options).o()));
    }

    private static boolean fits(Invocation n, Tensor q, Tensor k, Tensor v) {
      return q.shape().rank() == 4
          && k.shape().rank() == 4
          && v.shape().rank() == 4
          && q.dim(0) == k.dim(0)
          && q.dim(1) == k.dim(1)
          && k.dim(0) == v.dim(0)
          && k.dim(1) == v.dim(1)
          && repeats(n, BIAS, q, k)
          && repeats(n, CHOICE, q, k);
    }

    /// Whether input `i`, if it is there, does not enlarge the scores.
    private static boolean repeats(Invocation n, int i, Tensor q, Tensor k) {
      if (!n.has(i)) {
        return true;
      }
      Shape s = n.shape(i);
      long[] scores = {q.dim(0), q.dim(1), q.dim(2), k.dim(3)};
      for (int a = 1; a <= s.rank(); a++) {
        if (a > 4 || s.dim(-a) != 1 && s.dim(-a) != scores[4 - a]) {
          return false;
        }
      }
      return true;
    }

    private Tensor chosen(Invocation n, Tensor scores) {
      Tensor low = n.tensor(LOW).to(scores.dtype());
      Tensor choice = n.tensor(CHOICE);
      return hidden ? choice.where(low, scores) : choice.where(scores, low);
    }

    private Tensor composed(Invocation n, Tensor q, Tensor k, Tensor v) {
      Tensor scores = q.matmul(k).mul(scale);
      Tensor biased = n.has(BIAS) ? scores.add(n.tensor(BIAS)) : scores;
      Tensor seen = n.has(CHOICE) ? chosen(n, biased) : biased;
      return seen.softmax(fourth ? 3 : -1).matmul(v);
    }
  }
}
