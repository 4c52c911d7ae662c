package dev.gatun.jmh;

import com.sun.management.ThreadMXBean;
import dev.gatun.op.math.Add;
import dev.gatun.opencl.OpenClDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.List;

/// What it costs to enqueue a kernel on the first OpenCL device, apart from the kernel: one
/// addition of two elements, called again and again without waiting.
final class Launches {
  private static final int BATCH = 1_000;
  private static final int BATCHES = 60;

  private Launches() {}

  /// @param enqueue nanoseconds of a call, in the fastest batch
  /// @param done nanoseconds of a call until the whole batch is computed, in the fastest batch
  /// @param bytes allocated on the heap by a call, in the last batch
  record Row(double enqueue, double done, double bytes) {}

  static Row measure() {
    try (OpenClDevice device = OpenClDevice.open();
        Scope scope = device.scope("launches")) {
      Tensor x = Numbers.tensor(scope, DType.F32, Shape.of(2), 1);
      List<Tensor> in = List.of(x, Numbers.tensor(scope, DType.F32, Shape.of(2), 2));
      List<Tensor> out = List.of(scope.zeros(DType.F32, Shape.of(2)));
      Add add = new Add();
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      double enqueue = Double.POSITIVE_INFINITY;
      double done = Double.POSITIVE_INFINITY;
      double bytes = 0;
      for (int b = 0; b < BATCHES; b++) {
        long allocated = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        for (int i = 0; i < BATCH; i++) {
          device.run(add, in, out);
        }
        long enqueued = System.nanoTime();
        device.finish();
        long end = System.nanoTime();
        enqueue = Math.min(enqueue, (double) (enqueued - start) / BATCH);
        done = Math.min(done, (double) (end - start) / BATCH);
        bytes = (double) (threads.getCurrentThreadAllocatedBytes() - allocated) / BATCH;
      }
      return new Row(enqueue, done, bytes);
    }
  }
}
