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
      if (residual && x.shape().equals(n.shape(3)) && n.type(0).isWhole()) {
        List<Tensor> both =
            centred
                ? AddNorm.layer(x, n.tensor(3), weight, bias, eps)
                : AddNorm.rms(x, n.tensor(3), weight, eps);
        return List.of(n.like(0, both.get(0)));
      }
      Tensor sum = residual ? n.like(0, x.add(n.tensor(3))).tensor() : x;
      return List.of(
          n.like(0, centred ? LayerNorm.of(sum, weight, bias, eps) : RmsNorm.of(sum, weight, eps)));
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

  /// Inputs: `q [.., Sq, D]`, `k` transposed `[.., D, Sk]`, `v [.., Sk, Dv]`, additive bias.
  record Attend(double scale) implements Fused {
    @Override
    public List<Value> run(Invocation n) {
      Tensor q = n.tensor(0);
      Tensor k = n.tensor(1);
      Tensor v = n.tensor(2);
      boolean fits =
          q.shape().rank() == 4
              && k.shape().rank() == 4
              && v.shape().rank() == 4
              && q.dim(0) == k.dim(0)
              && q.dim(1) == k.dim(1)
              && (!n.has(3) || n.shape(3).rank() <= 4);
      if (!fits) {
        Tensor scores = q.matmul(k).mul(scale);
        Tensor biased = n.has(3) ? scores.add(n.tensor(3)) : scores;
        return List.of(n.like(0, biased.softmax(-1).matmul(v)));
      }
      AttentionOptions options = AttentionOptions.of(Mask.none()).withScale(scale);
      if (n.has(3)) {
        Tensor bias = n.tensor(3);
        while (bias.shape().rank() < 4) {
          bias = bias.unsqueeze(0);
        }
        options = options.with(Operand.BIAS, bias);
      }
      return List.of(n.like(0, Attention.of(q, k.transpose(), v, options).o()));
    }
  }
}
