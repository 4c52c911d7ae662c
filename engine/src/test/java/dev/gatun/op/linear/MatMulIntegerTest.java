package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.shape.DynamicQuantize;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The examples of the ONNX operators' documentation.
class MatMulIntegerTest {
  private static Tensor bytes(Scope s, long rows, long columns, double... values) {
    return s.tensor(DType.U8, Shape.of(rows, columns), values);
  }

  private static Tensor one(Scope s, double value) {
    return s.tensor(DType.U8, Shape.of(), new double[] {value});
  }

  @Test
  void multipliesLessZeroPoints() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Tensor a = bytes(s, 4, 3, 11, 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0);
      Tensor b = bytes(s, 3, 2, 1, 4, 2, 5, 3, 6);
      Tensor y = MatMulInteger.product(a, b, Optional.of(one(s, 12)), Optional.empty());
      assertArrayEquals(new double[] {-38, -83, -44, -98, -50, -113, -56, -128}, y.toDoubleArray());
    }
  }

  @Test
  void takesVectors() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Tensor a = s.tensor(DType.U8, Shape.of(3), new double[] {1, 2, 255});
      Tensor y = MatMulInteger.product(a, a, Optional.empty(), Optional.empty());
      assertEquals(Shape.of(), y.shape());
      assertArrayEquals(new double[] {65_030}, y.toDoubleArray());
    }
  }

  @Test
  void requantizes() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Tensor a = bytes(s, 2, 4, 208, 236, 0, 238, 3, 214, 255, 29);
      Tensor b = bytes(s, 4, 3, 152, 51, 244, 60, 26, 255, 0, 127, 246, 127, 254, 247);
      Tensor ratio = s.full(DType.F32, Shape.of(), 0.0066 * 0.00705 / 0.0107);
      Tensor y = MatMulInteger.requantized(a, one(s, 113), b, one(s, 114), ratio, one(s, 118));
      assertArrayEquals(new double[] {168, 115, 255, 1, 66, 151}, y.toDoubleArray());
    }
  }

  @Test
  void findsTheRangeItself() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      double[] x = {0, 2, -3, -2.5, 1.34, 0.5};
      DynamicQuantize.Result r = DynamicQuantize.of(s.tensor(DType.F32, Shape.of(6), x));
      assertArrayEquals(new double[] {153, 255, 0, 26, 221, 179}, r.codes().toDoubleArray());
      assertEquals(0.019607844f, (float) r.scale().toDoubleArray()[0]);
      assertEquals(153, r.zero().toDoubleArray()[0]);
    }
  }
}
