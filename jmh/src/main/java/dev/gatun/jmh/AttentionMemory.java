package dev.gatun.jmh;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// What causal attention of one head of 64 floats needs beyond its inputs and results, by the
/// device's own count, up to sequences whose scores would fill 64 GB.
final class AttentionMemory {
  private static final int WIDTH = 64;
  private static final long LONG = 16_384;
  private static final long LONGEST = 131_072;

  /// Repetitions, of which the fastest counts: the first ones are compiled.
  private static final int CALLS = 5;

  private final List<Row> rows = new ArrayList<>();

  private AttentionMemory() {}

  /// One measurement.
  ///
  /// @param what what was computed
  /// @param length queries, and as many keys
  /// @param threads of the device
  /// @param seconds of the fastest call
  /// @param extra most bytes that were live at a time, less inputs and results
  record Row(String what, long length, int threads, double seconds, double extra) {
    /// Bytes of one operand.
    double operand() {
      return 4.0 * length * WIDTH;
    }

    /// Bytes of all scores.
    double scores() {
      return 4.0 * length * length;
    }
  }

  static List<Row> measure() {
    AttentionMemory m = new AttentionMemory();
    m.forward(LONG, CALLS);
    m.training(LONG, CALLS);
    m.forward(LONGEST, 1);
    return m.rows;
  }

  /// A device for each measurement, since its peak is that of its life.
  private void forward(long length, int calls) {
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope("inputs")) {
      List<Tensor> in = operands(scope, length, 3);
      double seconds = Double.POSITIVE_INFINITY;
      double results = 0;
      for (int i = 0; i < calls; i++) {
        try (Scope step = device.scope("step")) {
          long start = System.nanoTime();
          Attention.Result r = attend(step, in);
          seconds = Math.min(seconds, (System.nanoTime() - start) / 1e9);
          results = bytes(List.of(r.o(), r.lse()));
          if (i == 0) {
            check(in, r);
          }
        }
      }
      double extra = device.memory().peakBytes() - bytes(in) - results;
      rows.add(new Row("forward", length, device.threads(), seconds, extra));
    }
  }

  private void training(long length, int calls) {
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope("inputs")) {
      List<Tensor> in = operands(scope, length, 4);
      List<Tensor> leaves = in.subList(0, 3).stream().map(Tensor::requiresGrad).toList();
      double seconds = Double.POSITIVE_INFINITY;
      double results = 0;
      for (int i = 0; i < calls; i++) {
        try (Scope step = device.scope("step")) {
          long start = System.nanoTime();
          Attention.Result r = attend(step, leaves);
          Gradients g = Gradients.backward(r.o(), step.borrow(in.get(3)));
          seconds = Math.min(seconds, (System.nanoTime() - start) / 1e9);
          results = bytes(List.of(r.o(), r.lse())) + bytes(leaves.stream().map(g::of).toList());
        }
      }
      double extra = device.memory().peakBytes() - bytes(in) - results;
      rows.add(new Row("forward and backward", length, device.threads(), seconds, extra));
    }
  }

  private static List<Tensor> operands(Scope scope, long length, int count) {
    List<Tensor> in = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      in.add(Numbers.tensor(scope, DType.F32, Shape.of(1, 1, length, WIDTH), i));
    }
    return in;
  }

  private static Attention.Result attend(Scope step, List<Tensor> in) {
    return Attention.of(
        step.borrow(in.get(0)),
        step.borrow(in.get(1)),
        step.borrow(in.get(2)),
        AttentionOptions.of(Mask.causal()));
  }

  private static double bytes(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::spec).mapToDouble(Spec::bytes).sum();
  }

  /// A few queries by the definition.
  private static void check(List<Tensor> in, Attention.Result result) {
    float[] q = in.get(0).toFloatArray();
    float[] k = in.get(1).toFloatArray();
    float[] v = in.get(2).toFloatArray();
    double[] o = result.o().toDoubleArray();
    int length = q.length / WIDTH;
    for (int i : new int[] {0, 1, 63, 64, length / 2 + 1, length - 1}) {
      double[] want = new double[WIDTH];
      double sum = 0;
      for (int j = 0; j <= i; j++) {
        // Scores of these operands are small enough to do without their maximum.
        double e = Math.exp(dot(q, i * WIDTH, k, j * WIDTH) / Math.sqrt(WIDTH));
        sum += e;
        for (int d = 0; d < WIDTH; d++) {
          want[d] += e * v[j * WIDTH + d];
        }
      }
      double[] got = java.util.Arrays.copyOfRange(o, i * WIDTH, (i + 1) * WIDTH);
      for (int d = 0; d < WIDTH; d++) {
        want[d] /= sum;
      }
      Numbers.requireClose("AttentionMemory, query " + i, got, want, 1e-5);
    }
  }

  private static double dot(float[] x, int i, float[] y, int j) {
    double sum = 0;
    for (int d = 0; d < WIDTH; d++) {
      sum += (double) x[i + d] * y[j + d];
    }
    return sum;
  }
}
