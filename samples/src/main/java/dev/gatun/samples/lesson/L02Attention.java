package dev.gatun.samples.lesson;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.decode.cache.CacheSpec;
import dev.gatun.decode.cache.ContiguousCache;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Combine;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Lesson 2: attention, from a softmax of products to the fused operator, its masks, its gradient,
/// and a sequence that goes on by what it finds in its own past.
final class L02Attention {
  private static final String LETTERS = " agntu";

  private L02Attention() {}

  static void run() {
    try (Device cpu = CpuDevice.open()) {
      byHand(cpu);
      memory(cpu);
      masks(cpu);
      halves(cpu);
      gradients(cpu);
      generating(cpu);
    }
  }

  private static void byHand(Device cpu) {
    System.out.println("1. Each query takes the mean of the values whose keys are like it");
    try (Scope scope = cpu.scope()) {
      // Batch, heads, places in the sequence, numbers of each.
      Tensor q = scope.tensor(Shape.of(1, 1, 2, 2), 4f, 0f, 0f, 4f);
      Tensor k = scope.tensor(Shape.of(1, 1, 3, 2), 1f, 0f, 0f, 1f, 1f, 1f);
      Tensor v = scope.tensor(Shape.of(1, 1, 3, 1), 10f, 20f, 30f);
      Tensor weights = q.matmul(k.transpose()).div(Math.sqrt(2)).softmax(-1);
      System.out.println("   weights " + text(weights.select(2, 0)));
      System.out.println("           " + text(weights.select(2, 1)));
      System.out.println("   by hand " + text(weights.matmul(v)));
      System.out.println("   fused   " + text(q.attention(k, v, Mask.none())));
    }
  }

  private static void memory(Device cpu) {
    System.out.println("2. The fused operator never holds the weights");
    Shape shape = Shape.of(1, 1, 256, 16);
    try (Scope scope = cpu.scope()) {
      Tensor q = scope.normal(DType.F32, shape, 1);
      Tensor k = scope.normal(DType.F32, shape, 2);
      Tensor v = scope.normal(DType.F32, shape, 3);
      long before = cpu.memory().liveBytes();
      Tensor plain = q.matmul(k.transpose()).div(4).softmax(-1).matmul(v);
      long between = cpu.memory().liveBytes();
      Tensor fused = q.attention(k, v, Mask.none());
      long after = cpu.memory().liveBytes();
      System.out.println("   256 x 256 scores, by hand: " + (between - before) + " bytes");
      System.out.println("   fused: " + (after - between) + " bytes");
      System.out.println("   nearer than 1e-5: " + (distance(plain, fused) < 1e-5));
    }
  }

  private static void masks(Device cpu) {
    System.out.println("3. A mask says which keys a query sees; blocks of hidden ones are skipped");
    try (Scope scope = cpu.scope()) {
      Tensor zeros = scope.zeros(DType.F32, Shape.of(1, 1, 6, 1));
      // With the unit matrix for values, the result is the weights.
      Tensor unit = scope.eye(DType.F32, 6, 6).reshape(1, 1, 6, 6);
      Tensor causal = zeros.attention(zeros, unit, Mask.causal());
      Tensor window = zeros.attention(zeros, unit, Mask.window(1, 0));
      Tensor sinks = zeros.attention(zeros, unit, Mask.window(1, 0).withSinks(1));
      System.out.println("   causal   window   and a sink");
      for (int i = 0; i < 6; i++) {
        System.out.println("   " + row(causal, i) + "   " + row(window, i) + "   " + row(sinks, i));
      }
    }
  }

  private static void halves(Device cpu) {
    System.out.println(
        "4. With the logarithms of their sums, results over parts of the keys add up");
    Shape shape = Shape.of(1, 2, 8, 4);
    try (Scope scope = cpu.scope()) {
      Tensor q = scope.normal(DType.F64, shape, 1);
      Tensor k = scope.normal(DType.F64, shape, 2);
      Tensor v = scope.normal(DType.F64, shape, 3);
      AttentionOptions all = AttentionOptions.of(Mask.none());
      Attention.Result old = Attention.of(q, k.slice(2, 0, 3), v.slice(2, 0, 3), all);
      Attention.Result young = Attention.of(q, k.slice(2, 3, 8), v.slice(2, 3, 8), all);
      // The parts may lie on two machines, or in a cache and in this step.
      Combine.Result both =
          Combine.of(List.of(old.o(), young.o()), List.of(old.lse(), young.lse()));
      Attention.Result whole = Attention.of(q, k, v, all);
      System.out.println(
          "   results nearer than 1e-12: " + (distance(both.o(), whole.o()) < 1e-12));
      System.out.println("   sums too: " + (distance(both.lse(), whole.lse()) < 1e-12));
    }
  }

  private static void gradients(Device cpu) {
    System.out.println("5. The gradient is that of the plain operators, without their memory");
    Shape shape = Shape.of(1, 2, 8, 4);
    try (Scope scope = cpu.scope()) {
      Tensor q = scope.normal(DType.F64, shape, 1).requiresGrad();
      Tensor k = scope.normal(DType.F64, shape, 2).requiresGrad();
      Tensor v = scope.normal(DType.F64, shape, 3).requiresGrad();
      Tensor future = scope.triangle(8, 8, 0).equal(0);
      Tensor scores = q.matmul(k.transpose()).div(2);
      Tensor plain = scores.maskedFill(future, Double.NEGATIVE_INFINITY).softmax(-1).matmul(v);
      Gradients want = plain.square().sum().backward();
      Gradients got = q.attention(k, v, Mask.causal()).square().sum().backward();
      boolean all =
          List.of(q, k, v).stream().allMatch(x -> distance(want.of(x), got.of(x)) < 1e-12);
      System.out.println("   nearer than 1e-12: " + all);
    }
  }

  private static void generating(Device cpu) {
    System.out.println("6. Find where the last letter came before, and say what followed it");
    StringBuilder text = new StringBuilder("gatun g");
    try (Scope past = cpu.scope("past")) {
      // A cache takes its memory once, and a step writes into it.
      ContiguousCache cache = ContiguousCache.of(past, CacheSpec.of(DType.F32, 1, 1, 6), 16);
      // The key of a place is the letter before it, the value its own letter.
      cache.append(letters(past, "gatun "), letters(past, "atun g"));
      while (cache.length() < 16) {
        try (Scope step = cpu.scope("step")) {
          Tensor last = letters(step, text.substring(text.length() - 1));
          // Large scores: one key takes all the weight.
          Tensor next = cache.attend(last.mul(100)).o();
          text.append(LETTERS.charAt((int) next.argMax(-1).item()));
          cache.append(last, next);
        }
      }
    }
    System.out.println("   " + text);
  }

  private static Tensor letters(Scope scope, String text) {
    int[] indices = text.chars().map(LETTERS::indexOf).toArray();
    Tensor oneHot = scope.tensor(Shape.of(indices.length), indices).oneHot(LETTERS.length());
    return oneHot.to(DType.F32).reshape(1, 1, indices.length, LETTERS.length());
  }

  private static double distance(Tensor x, Tensor y) {
    return x.sub(y).abs().max().item();
  }

  private static String row(Tensor weights, int i) {
    float[] w = weights.select(2, i).toFloatArray();
    return IntStream.range(0, w.length)
        .mapToObj(j -> w[j] > 0 ? "#" : ".")
        .collect(Collectors.joining());
  }

  private static String text(Tensor x) {
    float[] values = x.toFloatArray();
    return IntStream.range(0, values.length)
        .mapToObj(i -> String.format(Locale.ROOT, "%.4f", values[i]))
        .collect(Collectors.joining(" "));
  }
}

// How to run:
//   ./gatun lesson 2
//
// Expected output:
//   1. Each query takes the mean of the values whose keys are like it
//      weights 0.4856 0.0287 0.4856
//              0.0287 0.4856 0.4856
//      by hand 20.0000 24.5694
//      fused   20.0000 24.5694
//   2. The fused operator never holds the weights
//      256 x 256 scores, by hand: 802880 bytes
//      fused: 19456 bytes
//      nearer than 1e-5: true
//   3. A mask says which keys a query sees; blocks of hidden ones are skipped
//      causal   window   and a sink
//      #.....   #.....   #.....
//      ##....   ##....   ##....
//      ###...   .##...   ###...
//      ####..   ..##..   #.##..
//      #####.   ...##.   #..##.
//      ######   ....##   #...##
//   4. With the logarithms of their sums, results over parts of the keys add up
//      results nearer than 1e-12: true
//      sums too: true
//   5. The gradient is that of the plain operators, without their memory
//      nearer than 1e-12: true
//   6. Find where the last letter came before, and say what followed it
//      gatun gatun gatun
