package dev.gatun.samples.lesson;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import dev.gatun.train.Optimizer;
import dev.gatun.train.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Lesson 1: tensors, who owns their memory, and gradients. It ends by fitting a straight line.
final class L01Tensors {
  private L01Tensors() {}

  static void run() {
    // A device runs operators and owns memory. Close it when all is done: its threads end with it.
    try (Device cpu = CpuDevice.open()) {
      tensors(cpu);
      views(cpu);
      broadcasting(cpu);
      scopes(cpu);
      gradients(cpu);
      fitting(cpu);
    }
  }

  private static void tensors(Device cpu) {
    System.out.println("1. A tensor is numbers of one type in a shape");
    // Tensors are made in a scope, and their memory goes back when it closes.
    try (Scope scope = cpu.scope()) {
      Tensor a = scope.tensor(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
      System.out.println("   " + a);
      // Operators are methods. A tensor never changes: each gives a new one, in the same scope.
      Tensor b = a.mul(a).sub(a);
      System.out.println("   a * a - a = " + Arrays.toString(b.toFloatArray()));
      // An axis counted from the end: -1 is the last one. Without axes, all are reduced.
      System.out.println("   rows sum to " + Arrays.toString(a.sum(-1).toFloatArray()));
      System.out.println("   all sum to " + a.sum().item());
    }
  }

  private static void views(Device cpu) {
    System.out.println("2. A view is another way to look at the same memory");
    try (Scope scope = cpu.scope()) {
      Tensor a = scope.tensor(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
      // None of these copies a number. A matrix product takes a transposed view as it is.
      System.out.println("   transposed  " + a.transpose().shape());
      System.out.println("   last column " + Arrays.toString(a.select(-1, 2).toFloatArray()));
      Tensor backwards = a.reshape(6).slice(0, 5, -7, -1);
      System.out.println("   backwards   " + Arrays.toString(backwards.toFloatArray()));
      System.out.println(
          "   a a^T       " + Arrays.toString(a.matmul(a.transpose()).toFloatArray()));
    }
  }

  private static void broadcasting(Device cpu) {
    System.out.println("3. Shapes are aligned at the last axis, and size 1 is repeated");
    try (Scope scope = cpu.scope()) {
      Tensor column = scope.tensor(Shape.of(2, 1), 10f, 20f);
      Tensor row = scope.tensor(Shape.of(3), 1f, 2f, 3f);
      Tensor sum = column.add(row);
      System.out.println("   [2,1] + [3] = " + sum.shape());
      System.out.println("   " + Arrays.toString(sum.toFloatArray()));
      // What does not fit is refused before any memory is taken, with the rule and the shapes.
      try {
        sum.add(scope.zeros(DType.F32, Shape.of(4)));
      } catch (IllegalArgumentException e) {
        System.out.println("   " + e.getMessage());
      }
    }
  }

  private static void scopes(Device cpu) {
    System.out.println("4. A result lives in the youngest scope among its inputs");
    try (Scope model = cpu.scope("model")) {
      Tensor weight = model.tensor(Shape.of(2), 3f, 4f);
      Tensor kept;
      Tensor lost;
      try (Scope step = cpu.scope("step")) {
        Tensor x = step.tensor(Shape.of(2), 1f, 10f);
        lost = weight.mul(x);
        // A copy in a scope that lives longer.
        kept = lost.in(model);
      }
      System.out.println("   kept " + Arrays.toString(kept.toFloatArray()));
      try {
        lost.toFloatArray();
      } catch (IllegalStateException e) {
        System.out.println("   lost: " + e.getMessage());
      }
    }
  }

  private static void gradients(Device cpu) {
    System.out.println("5. A gradient is asked for, and comes as a map; nothing is changed");
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 0.0, 1.0, 2.0).requiresGrad();
      // y = sum(x^2 + 3 x), so that dy/dx = 2 x + 3.
      Tensor y = x.mul(x).add(x.mul(3)).sum();
      Gradients g = y.backward();
      System.out.println("   y = " + y.item());
      System.out.println("   dy/dx = " + Arrays.toString(g.of(x).toDoubleArray()));
    }
  }

  private static void fitting(Device cpu) {
    System.out.println("6. What changes over time is a variable; an optimiser writes it in place");
    try (Scope model = cpu.scope("model")) {
      Variable slope = model.variable(model.tensor(Shape.of(), 0.0));
      Variable offset = model.variable(model.tensor(Shape.of(), 0.0));
      Optimizer sgd = Sgd.of(List.of(slope, offset), new Sgd.Options(0.9, 0, false));
      for (int i = 0; i < 200; i++) {
        // All that a step makes goes back when its scope closes, so memory stays flat. Borrowed
        // variables let even results of variables alone live in the step.
        try (Scope step = cpu.scope("step")) {
          Tensor x = step.tensor(Shape.of(4), -1.0, 0.0, 1.0, 2.0);
          Tensor truth = x.mul(2).add(1);
          Tensor error = x.mul(step.borrow(slope)).add(step.borrow(offset)).sub(truth);
          sgd.step(error.mul(error).mean().backward(), 0.05);
        }
      }
      System.out.printf(
          Locale.ROOT,
          "   y = %.4f x + %.4f, after %d writes to each%n",
          slope.value().item(),
          offset.value().item(),
          slope.version());
    }
  }
}

// How to run:
//   ./gatun lesson 1
//
// Expected output:
//   1. A tensor is numbers of one type in a shape
//      tensor F32 [2,3]
//      a * a - a = [0.0, 2.0, 6.0, 12.0, 20.0, 30.0]
//      rows sum to [6.0, 15.0]
//      all sum to 21.0
//   2. A view is another way to look at the same memory
//      transposed  [3,2]
//      last column [3.0, 6.0]
//      backwards   [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
//      a a^T       [14.0, 32.0, 32.0, 77.0]
//   3. Shapes are aligned at the last axis, and size 1 is repeated
//      [2,1] + [3] = [2,3]
//      [11.0, 12.0, 13.0, 21.0, 22.0, 23.0]
//      Add[]: shapes must broadcast; got x F32 [2,3], y F32 [4]
//   4. A result lives in the youngest scope among its inputs
//      kept [3.0, 40.0]
//      lost: tensor F32 [2] is used after its scope 'step' was closed
//   5. A gradient is asked for, and comes as a map; nothing is changed
//      y = 14.0
//      dy/dx = [3.0, 5.0, 7.0]
//   6. What changes over time is a variable; an optimiser writes it in place
//      y = 2.0000 x + 1.0000, after 200 writes to each
