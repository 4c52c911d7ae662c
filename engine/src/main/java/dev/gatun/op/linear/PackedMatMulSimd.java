package dev.gatun.op.linear;

import dev.gatun.cpu.simd.ColdTiles;
import dev.gatun.cpu.simd.GeluLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.PackedGemm;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector form of [PackedMatMul].
final class PackedMatMulSimd {
  private static final Loop.Unary COLD_GELU = (x, xAt, y, yAt, n) -> GeluLanes.scalar(x, xAt, n);

  private static final Workers.Body NONE = fused(Activation.NONE);
  private static final Workers.Body RELU = fused(Activation.RELU);
  private static final Workers.Body GELU = fused(Activation.GELU);
  private static final Workers.Body SILU = fused(Activation.SILU);
  private static final Workers.Body SIGMOID = fused(Activation.SIGMOID);
  private static final Workers.Body TANH = fused(Activation.TANH);

  private PackedMatMulSimd() {}

  static long scratch(int workers) {
    return PackedGemm.SCRATCH * workers;
  }

  static void run(PackedMatMul op, Call c, Workers w) {
    long[] r = c.registers();
    long k = c.inShape(0).dim(-1);
    long rows = c.inShape(0).elems(0, c.inShape(0).rank() - 1);
    ColdTiles cold = w.tables().get(ColdTiles.class, 0, n -> new ColdTiles());
    PackedGemm.plan(r, c.dtype().bytes(), rows, op.columns(), k, w.count(), cold);
    w.run(body(op.activation()), c, 0, PackedGemm.blocks(r));
  }

  private static Workers.Body body(Activation activation) {
    return switch (activation) {
      case NONE -> NONE;
      case RELU -> RELU;
      case GELU -> GELU;
      case SILU -> SILU;
      case SIGMOID -> SIGMOID;
      case TANH -> TANH;
    };
  }

  private static Workers.Body fused(Activation activation) {
    Loop.Unary f32 = ActivationSimd.of(ActivationSimd.number(activation), 4);
    Loop.Unary f64 = ActivationSimd.of(ActivationSimd.number(activation), 8);
    return (c, phase, block, worker) -> {
      boolean bias = c.inputs() > 2;
      MemorySegment added = bias ? c.in(2) : c.in(0);
      PackedGemm.block(
          c.registers(),
          c.in(0),
          c.in(1),
          bias,
          added,
          c.out(0),
          c.scratch(),
          PackedGemm.isCold(c.registers()) && activation == Activation.GELU
              ? COLD_GELU
              : c.dtype() == DType.F32 ? f32 : f64,
          block,
          worker);
    };
  }
}
