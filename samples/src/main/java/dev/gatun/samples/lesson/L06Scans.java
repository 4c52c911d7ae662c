package dev.gatun.samples.lesson;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.linear.LinearAttention;
import dev.gatun.op.sequence.scan.AssociativeScan;
import dev.gatun.op.sequence.scan.Combination;
import dev.gatun.op.sequence.scan.MinGru;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Lesson 6: scans. Steps that follow each other, yet can be joined in any order.
final class L06Scans {
  private static final int STEPS = 1_000;

  private L06Scans() {}

  static void run() {
    try (Device cpu = CpuDevice.open()) {
      recurrence(cpu);
      anyOrder(cpu);
      own(cpu);
      memory(cpu);
      endless(cpu);
    }
  }

  private static void recurrence(Device cpu) {
    System.out.println("1. h = a h + b at every step: each b fades by the gates after it");
    try (Scope scope = cpu.scope()) {
      Tensor a = scope.tensor(Shape.of(6), 0.5f, 0.5f, 0.5f, 0, 1, 1);
      Tensor b = scope.tensor(Shape.of(6), 8f, 0, 0, 0, 3, 0);
      System.out.println("   " + text(Scan.affine(0).apply(a, b).get(0)));
    }
  }

  private static void anyOrder(Device cpu) {
    System.out.println(
        "2. Two steps make one, (a2 a1, a2 b1 + b2), so that halves may be done apart");
    Combination steps =
        (x, y) -> List.of(x.get(0).mul(y.get(0)), x.get(1).mul(y.get(0)).add(y.get(1)));
    try (Scope scope = cpu.scope()) {
      Tensor a = scope.normal(DType.F64, Shape.of(STEPS, 3), 1).tanh();
      Tensor b = scope.normal(DType.F64, Shape.of(STEPS, 3), 2);
      Tensor oneByOne = Scan.affine(0).apply(a, b).get(0);
      Tensor asTree = new AssociativeScan(steps, 0).of(List.of(a, b)).get(1);
      System.out.println("   nearer than 1e-12: " + (distance(oneByOne, asTree) < 1e-12));
    }
  }

  private static void own(Device cpu) {
    System.out.println("3. What is associative can be scanned: here the longest text so far");
    try (Scope scope = cpu.scope()) {
      Tensor lengths = scope.tensor(Shape.of(6), 3f, 1, 4, 1, 5, 2);
      Combination longest = (x, y) -> List.of(x.get(0).maximum(y.get(0)));
      System.out.println("   " + text(new AssociativeScan(longest, 0).of(List.of(lengths)).get(0)));
    }
  }

  private static void memory(Device cpu) {
    System.out.println("4. A matrix remembers pairs of keys and values; a key may come again");
    try (Scope scope = cpu.scope()) {
      // Keys e0, e1, e0 with values 7, 5, 2; then both keys are asked for.
      float[] keys = {1, 0, 0, 1, 1, 0, 0, 0, 0, 0};
      float[] asked = {0, 0, 0, 0, 0, 0, 1, 0, 0, 1};
      Tensor k = scope.tensor(Shape.of(1, 5, 1, 2), keys);
      Tensor q = scope.tensor(Shape.of(1, 5, 1, 2), asked);
      Tensor v = scope.tensor(Shape.of(1, 5, 1, 1), 7f, 5, 2, 0, 0);
      Tensor beta = scope.full(DType.F32, Shape.of(1, 5, 1), 1);
      LinearAttention attention = LinearAttention.plain().withScale(1);
      Tensor added = attention.linear(q, k, v).y();
      Tensor replaced = attention.delta(q, k, v, beta).y();
      System.out.println("   linear attention adds:       " + text(added.slice(1, 3, 5)));
      System.out.println("   the delta rule writes anew:  " + text(replaced.slice(1, 3, 5)));
    }
  }

  private static void endless(Device cpu) {
    System.out.println("5. A minimal GRU: all steps at once to train it, a state to run it");
    try (Scope scope = cpu.scope()) {
      Tensor weight = scope.normal(DType.F64, Shape.of(8, 4), 3);
      MinGru gru = new MinGru(weight, Optional.empty());
      Tensor x = scope.normal(DType.F64, Shape.of(1, STEPS, 4), 4);
      Tensor atOnce = gru.states(x, Optional.empty());
      Variable state = scope.state(scope.zeros(DType.F64, Shape.of(1, 4)));
      double apart = 0;
      long early = 0;
      for (int t = 0; t < STEPS; t++) {
        try (Scope step = cpu.scope("step")) {
          Tensor h = gru.step(step.borrow(x).select(1, t), step.borrow(state));
          apart = Math.max(apart, distance(step.borrow(atOnce).select(1, t), h));
          state.set(h);
        }
        early = t == 10 ? cpu.memory().liveBytes() : early;
      }
      System.out.println("   nearer than 1e-12: " + (apart < 1e-12));
      System.out.println("   as many bytes at the end: " + (early == cpu.memory().liveBytes()));
    }
  }

  private static double distance(Tensor x, Tensor y) {
    return x.sub(y).abs().max().item();
  }

  private static String text(Tensor x) {
    float[] values = x.toFloatArray();
    return IntStream.range(0, values.length)
        .mapToObj(i -> String.format(Locale.ROOT, "%.2f", values[i]))
        .collect(Collectors.joining(" "));
  }
}

// How to run:
//   ./gatun lesson 6
//
// Expected output:
//   1. h = a h + b at every step: each b fades by the gates after it
//      8.00 4.00 2.00 0.00 3.00 3.00
//   2. Two steps make one, (a2 a1, a2 b1 + b2), so that halves may be done apart
//      nearer than 1e-12: true
//   3. What is associative can be scanned: here the longest text so far
//      3.00 3.00 4.00 4.00 5.00 5.00
//   4. A matrix remembers pairs of keys and values; a key may come again
//      linear attention adds:       9.00 5.00
//      the delta rule writes anew:  2.00 5.00
//   5. A minimal GRU: all steps at once to train it, a state to run it
//      nearer than 1e-12: true
//      as many bytes at the end: true
