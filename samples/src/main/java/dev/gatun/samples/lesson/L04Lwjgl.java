package dev.gatun.samples.lesson;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.shape.Copy;
import dev.gatun.opencl.OpenClDevice;
import dev.gatun.opencl.lwjgl.LwjglDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.lwjgl.BufferUtils;
import org.lwjgl.PointerBuffer;
import org.lwjgl.opencl.CL10;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.Platform;

/// Lesson 4: a program that uses OpenCL by LWJGL hands its buffer to attention and reads on.
final class L04Lwjgl {
  // Queries, keys and values: batch, heads, places in the sequence, numbers of each.
  private static final Shape SHAPE = Shape.of(3, 1, 1, 3, 2);
  private static final float[] VALUES = {0, 4, 4, 0, 4, 4, 1, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 6};

  private L04Lwjgl() {}

  static void run() {
    Optional<String> missing = OpenClDevice.missing();
    if (missing.isPresent()) {
      System.out.println("Lesson 4 needs an OpenCL device; this machine has " + missing.get());
      return;
    }
    System.out.println("1. LWJGL makes a context, a queue that runs in order, and a buffer");
    try (Program program = Program.open()) {
      System.out.println("2. The engine works on that queue, and a tensor lies over that buffer");
      try (OpenClDevice engine = LwjglDevice.of(program.queue);
          Scope scope = engine.scope()) {
        Tensor all = LwjglDevice.tensor(scope, DType.F32, SHAPE, program.buffer);
        System.out.println("   " + all);
        System.out.println("3. Attention is enqueued, LWJGL's read behind it; only that waits");
        // Methods leave tensors as they are, but a device runs any kernel over any memory: this
        // one puts the result where LWJGL reads it, over the queries.
        engine.run(new Copy(), List.of(attention(all)), List.of(all.select(0, 0)));
        compare(program.read());
      }
      System.out.println("4. The engine is closed; queue and buffer are still the program's");
      compare(program.read());
    }
  }

  private static Tensor attention(Tensor all) {
    return all.select(0, 0).attention(all.select(0, 1), all.select(0, 2), Mask.none());
  }

  private static void compare(FloatBuffer got) {
    try (Device cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor want = attention(scope.tensor(SHAPE, VALUES));
      Tensor error = want.sub(LwjglDevice.tensor(scope, want.shape(), got)).abs().max();
      boolean near = error.item() < 1e-5;
      System.out.printf(Locale.ROOT, "   %.4f ..., as on the CPU: %b%n", got.get(0), near);
    }
  }

  /// What the program holds of OpenCL, all by LWJGL: it would be the same without the engine.
  private record Program(long context, long queue, long buffer) implements AutoCloseable {
    static Program open() {
      if (Platform.get() == Platform.LINUX) {
        // By itself LWJGL looks for the name that only the development package installs.
        Configuration.OPENCL_LIBRARY_NAME.set("libOpenCL.so.1");
      }
      int[] status = new int[1];
      PointerBuffer platforms = BufferUtils.createPointerBuffer(16);
      check(CL10.clGetPlatformIDs(platforms, status));
      PointerBuffer device = BufferUtils.createPointerBuffer(1);
      long platform = platforms.get();
      // Drivers that have no device here are listed too.
      while (CL10.clGetDeviceIDs(platform, CL10.CL_DEVICE_TYPE_DEFAULT, device, status) != 0) {
        platform = platforms.get();
      }
      PointerBuffer on = BufferUtils.createPointerBuffer(3);
      on.put(CL10.CL_CONTEXT_PLATFORM).put(platform).put(0).flip();
      long context = CL10.clCreateContext(on, device, null, 0, status);
      check(status[0]);
      long queue = CL10.clCreateCommandQueue(context, device.get(0), 0, status);
      check(status[0]);
      long copied = CL10.CL_MEM_READ_WRITE | CL10.CL_MEM_COPY_HOST_PTR;
      long buffer = CL10.clCreateBuffer(context, copied, VALUES, status);
      check(status[0]);
      return new Program(context, queue, buffer);
    }

    /// The first third of the buffer.
    FloatBuffer read() {
      FloatBuffer values = BufferUtils.createFloatBuffer(VALUES.length / 3);
      check(CL10.clEnqueueReadBuffer(queue, buffer, true, 0, values, null, null));
      return values;
    }

    @Override
    public void close() {
      check(CL10.clReleaseMemObject(buffer));
      check(CL10.clReleaseCommandQueue(queue));
      check(CL10.clReleaseContext(context));
    }

    private static void check(int status) {
      if (status != CL10.CL_SUCCESS) {
        throw new IllegalStateException("a call of OpenCL must succeed; got status " + status);
      }
    }
  }
}

// How to run:
//   ./gatun lesson 4
//
// Expected output:
//   1. LWJGL makes a context, a queue that runs in order, and a buffer
//   2. The engine works on that queue, and a tensor lies over that buffer
//      tensor F32 [3,1,1,3,2]
//   3. Attention is enqueued, LWJGL's read behind it; only that waits
//      3.9139 ..., as on the CPU: true
//   4. The engine is closed; queue and buffer are still the program's
//      3.9139 ..., as on the CPU: true
