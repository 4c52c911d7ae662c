package dev.gatun.samples.lesson;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.nn.s4.S4;
import dev.gatun.nn.s4.S4d;
import dev.gatun.nn.s4.SsmLayer;
import dev.gatun.nn.s4.SsmOptions;
import dev.gatun.nn.s4.SsmStream;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Diagonal;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.train.AdamW;
import dev.gatun.train.Optimizer;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Lesson 5: state space models. A sequence at once by convolution, an element at a time by a
/// state, and both are one function.
final class L05StateSpaces {
  private static final int FEATURES = 4;

  private L05StateSpaces() {}

  static void run() {
    try (Device cpu = CpuDevice.open()) {
      oneMode(cpu);
      threeWays(cpu);
      memory(cpu);
      learning(cpu);
      streaming(cpu);
    }
  }

  private static void oneMode(Device cpu) {
    System.out.println("1. A mode is a number that turns and shrinks; a kernel is a sum of them");
    try (Scope scope = cpu.scope()) {
      Complex lambda = number(scope, -0.5, Math.PI).view(t -> t.unsqueeze(0));
      Complex one = number(scope, 1, 0);
      Tensor step = scope.full(DType.F64, Shape.of(1, 1), 0.25);
      Diagonal model =
          new Diagonal(
              lambda,
              one.view(t -> t.unsqueeze(0)),
              one.view(t -> t.reshape(1, 1, 1)),
              step,
              Diagonal.Rule.HOLD);
      System.out.println("   kernel " + text(model.kernel(9)));
    }
  }

  private static Complex number(Scope scope, double re, double im) {
    return new Complex(
        scope.full(DType.F64, Shape.of(1), re), scope.full(DType.F64, Shape.of(1), im));
  }

  private static SsmLayer layer(Scope scope, long length) {
    SsmOptions options = SsmOptions.of(FEATURES).withType(DType.F64);
    return S4.of(scope, options, Hippo.LEGS, length, 1);
  }

  private static void threeWays(Device cpu) {
    System.out.println("2. By convolution, in pieces that pass a state on, or step by step");
    try (Scope scope = cpu.scope()) {
      SsmLayer layer = layer(scope, 1_000);
      Tensor x = scope.normal(DType.F64, Shape.of(1, 1_000, FEATURES), 2);
      Tensor whole = layer.forward(x);
      var first = layer.forward(x.slice(1, 0, 600), layer.zeros(scope, 1));
      var second = layer.forward(x.slice(1, 600, 1_000), first.state());
      double pieces = distance(whole, first.y().concat(1, second.y()));
      System.out.println("   in two pieces nearer than 1e-9: " + (pieces < 1e-9));
      try (SsmStream stream = layer.stream(cpu, 1)) {
        double steps = 0;
        for (int t = 0; t < 1_000; t++) {
          Tensor y = stream.next(x.slice(1, t, t + 1));
          steps = Math.max(steps, distance(whole.slice(1, t, t + 1), y));
        }
        System.out.println("   step by step nearer than 1e-9:  " + (steps < 1e-9));
      }
    }
  }

  private static void memory(Device cpu) {
    System.out.println(
        "3. Attention over 65,536 places would weigh 4 billion pairs; this is memory O(L)");
    try (Scope scope = cpu.scope()) {
      SsmLayer layer = layer(scope, 65_536);
      Tensor x = scope.normal(DType.F64, Shape.of(1, 65_536, FEATURES), 2);
      double last = layer.forward(x).slice(1, 65_535, 65_536).abs().max().item();
      System.out.println("   the last result is a finite number: " + Double.isFinite(last));
    }
  }

  private static void learning(Device cpu) {
    System.out.println("4. Trained to say what it heard 50 steps ago");
    try (Scope scope = cpu.scope()) {
      SsmOptions options = SsmOptions.of(1).withModes(64).withSteps(0.02, 0.02).linear();
      SsmLayer layer = S4d.of(scope, options, Diagonal.Spectrum.LEGS, Diagonal.Rule.HOLD, 1);
      Optimizer adam = AdamW.of(layer.parameters().values(), AdamW.Options.standard().withDecay(0));
      // A slow signal: noise has more to remember than 128 numbers.
      Tensor x = scope.normal(DType.F32, Shape.of(8, 256, 1), 3).cumSum(1).mul(0.1);
      Tensor heard = x.pad(1, 50, 0).slice(1, 0, 256);
      double first = 0;
      double last = 0;
      for (int i = 0; i < 200; i++) {
        try (Scope step = cpu.scope("step")) {
          Tensor loss = layer.forward(step.borrow(x)).sub(heard).square().mean();
          last = loss.item();
          first = i == 0 ? last : first;
          adam.step(loss.backward(), 0.01);
        }
      }
      System.out.println("   the error fell by 50 times or more: " + (last * 50 < first));
    }
  }

  private static void streaming(Device cpu) {
    System.out.println("5. A stream may go on for ever: no past is kept but the state");
    try (Scope scope = cpu.scope();
        SsmStream stream = layer(scope, 1_000).stream(cpu, 1)) {
      Tensor x = scope.normal(DType.F64, Shape.of(1, 100, FEATURES), 2);
      long early = 0;
      for (int t = 100; t <= 100_000; t += 100) {
        try (Scope step = cpu.scope("step")) {
          stream.next(step.borrow(x));
        }
        early = t == 1_000 ? cpu.memory().liveBytes() : early;
      }
      long late = cpu.memory().liveBytes();
      System.out.println("   as many bytes after 100,000 steps as after 1,000: " + (early == late));
    }
  }

  private static double distance(Tensor x, Tensor y) {
    return x.sub(y).abs().max().item();
  }

  private static String text(Tensor x) {
    double[] values = x.toDoubleArray();
    return IntStream.range(0, values.length)
        .mapToObj(i -> String.format(Locale.ROOT, "%.3f", values[i]))
        .collect(Collectors.joining(" "));
  }
}

// How to run:
//   ./gatun lesson 5
//
// Expected output:
//   1. A mode is a number that turns and shrinks; a kernel is a sum of them
//      kernel 0.425 0.158 -0.134 -0.290 -0.258 -0.096 0.081 0.176 0.156
//   2. By convolution, in pieces that pass a state on, or step by step
//      in two pieces nearer than 1e-9: true
//      step by step nearer than 1e-9:  true
//   3. Attention over 65,536 places would weigh 4 billion pairs; this is memory O(L)
//      the last result is a finite number: true
//   4. Trained to say what it heard 50 steps ago
//      the error fell by 50 times or more: true
//   5. A stream may go on for ever: no past is kept but the state
//      as many bytes after 100,000 steps as after 1,000: true
