package consumer;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.concurrent.FutureTask;

/// Computes a gradient known by hand and checks that nothing of the engine is left afterwards.
public final class Consumer {
  private Consumer() {}

  /// @param args `simd` or `reference`: the kernels that must run
  public static void main(String[] args) throws Exception {
    boolean simd;
    try (CpuDevice cpu = CpuDevice.open()) {
      gradient(cpu);
      virtualThread(cpu);
      check(cpu.memory().liveBytes() == 0, "closed scopes hold " + cpu.memory());
      simd = cpu.simd();
    }
    check(simd == args[0].equals("simd"), "vector kernels: " + simd);
    check(
        Thread.getAllStackTraces().keySet().stream().allMatch(Consumer::foreign), "a worker lives");
    System.out.printf(
        "consumer: %s, %s kernels: right%n",
        Consumer.class.getModule().isNamed() ? "module path" : "class path", args[0]);
  }

  /// The gradient of the sum of x w towards w is the sum of the rows of x, for each column of w.
  private static void gradient(CpuDevice cpu) {
    try (Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
      Tensor w = scope.tensor(Shape.of(3, 2), 1f, 0f, 0f, 1f, 1f, 1f).requiresGrad();
      Tensor y = x.matmul(w);
      Gradients g = y.sum().backward();
      equal(y.toFloatArray(), 4, 5, 10, 11);
      equal(g.of(w).toFloatArray(), 5, 5, 7, 7, 9, 9);
    }
  }

  private static void virtualThread(CpuDevice cpu) throws Exception {
    var task = new FutureTask<>(() -> gradient(cpu), true);
    Thread.startVirtualThread(task);
    check(task.get(), "virtual thread");
  }

  private static boolean foreign(Thread t) {
    return t == Thread.currentThread() || !t.getName().startsWith("gatun") && t.isDaemon();
  }

  private static void equal(float[] got, float... expected) {
    check(
        Arrays.equals(got, expected),
        Arrays.toString(got) + " is not " + Arrays.toString(expected));
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
