package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ConvTest {
  private static final Optional<Tensor> NO_BIAS = Optional.empty();

  /// Strides, dilations and paddings of 1 to 3, and groups, against the sum as it is written.
  @Test
  void equalsTheDefinition() {
    try (CpuDevice cpu = CpuDevice.open()) {
      for (int stride = 1; stride <= 3; stride++) {
        for (int dilation = 1; dilation <= 3; dilation++) {
          for (int padding = 0; padding <= 4; padding += 2) {
            for (int groups : new int[] {1, 2, 4}) {
              equalsTheDefinition(cpu, Window.of(stride, padding, dilation), groups);
            }
          }
        }
      }
    }
  }

  private static void equalsTheDefinition(CpuDevice cpu, Window w, int groups) {
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(2, 4, 9, 11), 1);
      Tensor k = scope.normal(DType.F64, Shape.of(8, 4 / groups, 3, 2), 2);
      Tensor y = x.conv2d(k, NO_BIAS, w, groups);
      double[] xs = x.toDoubleArray();
      double[] ks = k.toDoubleArray();
      double[] got = y.toDoubleArray();
      int inputs = 4 / groups;
      int outH = (int) y.dim(2);
      int outW = (int) y.dim(3);
      for (int i = 0; i < got.length; i++) {
        int o = i / outW / outH % 8;
        double want = 0;
        for (int c = 0; c < inputs; c++) {
          for (int t = 0; t < 6; t++) {
            int h = i / outW % outH * w.strideH() + t / 2 * w.dilationH() - w.top();
            int v = i % outW * w.strideW() + t % 2 * w.dilationW() - w.left();
            if (h >= 0 && h < 9 && v >= 0 && v < 11) {
              int plane = i / outW / outH / 8 * 4 + o / (8 / groups) * inputs + c;
              want += ks[(o * inputs + c) * 6 + t] * xs[(plane * 9 + h) * 11 + v];
            }
          }
        }
        assertEquals(want, got[i], 1e-12, w + " with " + groups + " groups, element " + i);
      }
    }
  }

  /// Sizes that are cut in every way there is: tiles, parts of the channels, runs of a batch, bands
  /// and pieces.
  @Test
  void equalsTheReferenceHoweverItIsCut() {
    Window pad = Window.of(1, 1, 1);
    equalsTheReference(2, pad, 1, new long[] {1, 32, 20, 31}, new long[] {192, 32, 3, 3});
    equalsTheReference(
        2, Window.of(2, 1, 1), 2, new long[] {3, 64, 17, 9}, new long[] {6, 32, 3, 3});
    equalsTheReference(2, pad, 1, new long[] {5, 3, 30, 40}, new long[] {8, 3, 3, 3});
    equalsTheReference(2, Window.PLAIN, 1, new long[] {1, 130, 3, 50}, new long[] {800, 130, 1, 1});
    equalsTheReference(2, pad, 3, new long[] {2, 3, 70, 90}, new long[] {6, 1, 3, 3});
    equalsTheReference(1, Window.of(2, 3, 2), 2, new long[] {2, 2, 9000}, new long[] {4, 1, 5});
    equalsTheReference(1, Window.of(1, 0, 1), 1, new long[] {2, 8, 3000}, new long[] {3, 8, 4});
  }

  private static void equalsTheReference(
      int axes, Window w, int groups, long[] image, long[] kernel) {
    Function<Scope, List<Tensor>> run =
        s -> {
          Tensor x = s.normal(DType.F64, Shape.of(image), 1);
          Tensor k = s.normal(DType.F64, Shape.of(kernel), 2);
          Tensor b = s.normal(DType.F64, Shape.of(kernel[0]), 3);
          Tensor y = Conv.of(axes, x, k, Optional.of(b), w, groups, Activation.NONE);
          List<Long> size = Conv.tail(axes, x.shape());
          Tensor dx = new ConvTranspose(axes, w, groups, size, false).of(y, k);
          Tensor dw = new Conv.Grad(axes, w, groups, Conv.tail(axes, k.shape())).of(x, y);
          return List.of(y, dx, dw);
        };
    equalsTheReference(run);
  }

  private static void equalsTheReference(Function<Scope, List<Tensor>> run) {
    CpuDevice.Options options = CpuDevice.Options.standard();
    try (CpuDevice cpu = CpuDevice.open(options.withThreads(2));
        CpuDevice plain = CpuDevice.open(options.withReferenceKernels());
        Scope scope = cpu.scope();
        Scope other = plain.scope()) {
      List<Tensor> got = run.apply(scope);
      List<Tensor> want = run.apply(other);
      for (int i = 0; i < got.size(); i++) {
        double[] expected = want.get(i).toDoubleArray();
        double scale = 0;
        for (double v : expected) {
          scale = Math.max(scale, Math.abs(v));
        }
        assertArrayEquals(expected, got.get(i).toDoubleArray(), 1e-11 * scale, "result " + i);
      }
    }
  }

  @Test
  void poolsEqualTheReferenceOverManyBands() {
    Window w = Window.PLAIN.stride(2, 1).padding(1, 1);
    equalsTheReference(s -> {
      Tensor x = s.normal(DType.F64, Shape.of(2, 2, 61, 4500), 1);
      Tensor max = x.maxPool2d(3, 3, w);
      Tensor mean = new AvgPool(2, 3, 3, w, false).of(x);
      Tensor dmax = new MaxPool.Grad(new MaxPool(2, 3, 3, w)).of(x, max, mean);
      List<Long> sizes = List.of(61L, 4500L);
      Tensor dmean = new AvgPool.Grad(new AvgPool(2, 3, 3, w, false), sizes).of(max);
      return List.of(max, mean, dmax, dmean);
    });
  }

  /// `<conv(x), y> = <x, transpose(y)>`, whatever the padding of the result.
  @Test
  void theTransposeIsTheTranspose() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      for (int more = 0; more < 3; more++) {
        Window w = Window.of(3, 1, 2);
        Tensor y = scope.normal(DType.F64, Shape.of(2, 6, 5, 4), 1);
        Tensor k = scope.normal(DType.F64, Shape.of(6, 2, 3, 4), 2);
        Tensor back = y.convTranspose2d(k, NO_BIAS, w, 2, more, 0);
        assertEquals(4 * 3 + 2 * 2 + 1 - 2 + more, back.dim(2));
        Tensor x = scope.normal(DType.F64, back.shape(), 3);
        double there = x.conv2d(k, NO_BIAS, w, 2).mul(y).sum().item();
        assertEquals(there, x.mul(back).sum().item(), 1e-9);
      }
    }
  }

  @Test
  void anEmptyBatchGivesNothing() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(0, 3, 5, 5)).requiresGrad();
      Tensor k = scope.full(DType.F32, Shape.of(4, 3, 3, 3), 1).requiresGrad();
      Tensor y = x.conv2d(k, NO_BIAS, Window.PLAIN, 1);
      assertEquals(Shape.of(0, 4, 3, 3), y.shape());
      assertArrayEquals(new float[108], y.sum().backward().of(k).toFloatArray());
      assertEquals(Shape.of(0, 3, 4, 4), x.maxPool2d(2, 2, Window.PLAIN).shape());
    }
  }

  @Test
  void sameKeepsTheSize() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(1, 2, 12, 13));
      Tensor k = scope.zeros(DType.F32, Shape.of(2, 2, 4, 3));
      Window w = Window.PLAIN.dilation(1, 2).same(4, 3);
      assertEquals(x.shape(), x.conv2d(k, NO_BIAS, w, 1).shape());
      assertEquals(Shape.of(1, 2, 6, 13), x.conv2d(k, NO_BIAS, w.stride(2, 1), 1).shape());
    }
  }

  @Test
  void adaptiveMeansCoverTheirShare() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(1, 1, 5), 1f, 2f, 3f, 4f, 5f);
      assertArrayEquals(
          new float[] {2, 4}, x.adaptiveAvgPool(2).toFloatArray(), 1e-6f, "inputs 0-2 and 2-4");
      assertArrayEquals(new float[] {3}, x.adaptiveAvgPool(1).toFloatArray(), 1e-6f);
      Tensor image = scope.normal(DType.F64, Shape.of(2, 3, 6, 7), 1);
      Tensor means = image.adaptiveAvgPool(2, 3);
      Tensor first = image.slice(2, 0, 3).slice(3, 0, 3).mean(2, 3);
      assertArrayEquals(
          first.toDoubleArray(), means.slice(2, 0, 1).slice(3, 0, 1).toDoubleArray(), 1e-12);
      assertThrows(IllegalArgumentException.class, () -> x.adaptiveAvgPool(2, 2));
      assertThrows(IllegalArgumentException.class, () -> x.adaptiveAvgPool(0));
    }
  }

  @Test
  void badWindowsAreRefused() {
    List<IllegalArgumentException> thrown = new ArrayList<>();
    thrown.add(assertThrows(IllegalArgumentException.class, () -> Window.of(0, 0, 1)));
    thrown.add(assertThrows(IllegalArgumentException.class, () -> Window.of(1, -1, 1)));
    thrown.add(assertThrows(IllegalArgumentException.class, () -> Window.of(1, 0, 0)));
    for (IllegalArgumentException e : thrown) {
      assertTrue(e.toString().contains("at least 1 and padding not negative; got"), e.toString());
    }
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(1, 1, 5, 5));
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> x.maxPool2d(2, 2, Window.of(2, 2, 1)));
      assertTrue(e.toString().contains("padding must be less than the window"), e.toString());
    }
  }
}
