package dev.gatun.op.shape;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.Test;

class CastTest {
  private static final float[] EDGES = {
    0,
    -0f,
    1,
    -1.5f,
    0x1.00fffep0f,
    0x1.01p0f,
    0x1.03p0f,
    0x1.fffffep127f,
    Float.MIN_VALUE,
    -Float.MIN_NORMAL,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    65504,
    65520,
    0x1p-24f,
    0x1p-25f,
    300,
    -300,
    3e9f,
    -3e9f,
    0x1.ffcp-15f
  };

  @Test
  void everyPairMatchesTheReference() {
    CpuDevice.Options options = CpuDevice.Options.standard();
    try (CpuDevice cpu = CpuDevice.open(options);
        CpuDevice plain = CpuDevice.open(options.withReferenceKernels());
        Scope a = cpu.scope();
        Scope b = plain.scope()) {
      for (DType from : DType.values()) {
        for (DType to : DType.values()) {
          double[] got = edges(a).to(from).to(to).toDoubleArray();
          assertArrayEquals(
              edges(b).to(from).to(to).toDoubleArray(), got, () -> from + " to " + to);
        }
      }
    }
  }

  private static Tensor edges(Scope s) {
    return s.tensor(Shape.of(EDGES.length), EDGES);
  }

  @Test
  void bf16RoundsToNearestEven() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      // Below, at and above the middle of 1 and 1 + 2^-7, and at the middle of the next pair.
      float[] x = new float[64];
      java.util.Arrays.fill(x, 1);
      x[0] = 0x1.00fffep0f;
      x[1] = 0x1.01p0f;
      x[2] = 0x1.010002p0f;
      x[3] = 0x1.03p0f;
      float[] y = s.tensor(Shape.of(64), x).to(DType.BF16).toFloatArray();
      assertArrayEquals(new float[] {1, 1, 0x1.02p0f, 0x1.04p0f}, java.util.Arrays.copyOf(y, 4));
    }
  }

  @Test
  void longsKeepAllTheirDigits() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      long[] x = {Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1};
      assertArrayEquals(x, new Cast(DType.I64).of(s.tensor(Shape.of(3), x)).toLongArray());
    }
  }

  @Test
  void gradientIsCastBack() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Tensor x = s.tensor(Shape.of(2), 3f, 4f).requiresGrad();
      Tensor y = x.to(DType.F64);
      Tensor dx = y.mul(y).sum().backward().of(x);
      assertEquals(DType.F32, dx.dtype());
      assertArrayEquals(new float[] {6, 8}, dx.toFloatArray());
    }
  }
}
