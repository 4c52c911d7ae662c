package dev.gatun.samples.text;

import dev.gatun.device.Device;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.PackedMatMul;
import dev.gatun.op.reduce.AddNorm;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Runs once, small, what a network of the BERT family is made of, in a thread of its own: the JVM
/// loads the classes while the model's file is read, not after.
final class Rehearsal implements AutoCloseable {
  private final Thread thread;

  /// Begins.
  Rehearsal(Device device) {
    thread = Thread.ofPlatform().daemon().name("gatun-rehearsal").start(() -> run(device));
  }

  private static void run(Device device) {
    try (Scope scope = device.scope("rehearsal")) {
      Tensor x = scope.tensor(Shape.of(4, 32), new float[128]);
      Tensor row = scope.tensor(Shape.of(32), new float[32]);
      Tensor packed = PackedMatMul.pack(scope.tensor(Shape.of(32, 32), new float[1024]));
      Tensor h = PackedMatMul.of(x, packed, 32, Optional.of(row), Activation.GELU);
      Tensor y = AddNorm.layer(x, h, Optional.of(row), Optional.of(row), 1e-12).get(0);
      Tensor heads = y.reshape(1, 4, 2, 16).permute(0, 2, 1, 3);
      Tensor ids = scope.tensor(Shape.of(1, 4), 0L, 1L, 2L, 3L);
      Tensor mask = ids.to(DType.F32).mul(-1).add(1).reshape(1, 1, 1, 4);
      AttentionOptions options = AttentionOptions.of(Mask.none()).with(Operand.BIAS, mask);
      Tensor o = Attention.of(heads, heads, heads, options).o();
      o.permute(0, 2, 1, 3).reshape(4, 32).add(x.indexSelect(0, ids.flatten())).norm(2, -1);
    }
  }

  /// Waits for the end.
  @Override
  public void close() {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
