package dev.gatun.opencl.lwjgl;

import dev.gatun.opencl.OpenClDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import org.lwjgl.opencl.CL10;
import org.lwjgl.system.MemoryStack;

/// An LWJGL program's context and queue as a device of the engine, and its buffers as tensors.
///
/// ```java
/// try (OpenClDevice device = LwjglDevice.of(queue); Scope scope = device.scope()) {
///   Tensor q = LwjglDevice.tensor(scope, DType.F32, Shape.of(1, 8, 512, 64), buffer);   // a cl_mem
///   LwjglDevice.read(q.attention(k, v, Mask.causal()), floats);                         // a FloatBuffer
/// }
/// ```
public final class LwjglDevice {
  private LwjglDevice() {}

  /// The device, context and platform of `queue`, which must run in order. All are retained until
  /// the device is closed.
  ///
  /// @param queue a `cl_command_queue` as LWJGL returns it
  /// @throws IllegalArgumentException if `queue` runs out of order
  /// @throws IllegalStateException if it is no queue
  public static OpenClDevice of(long queue) {
    if ((query(queue, CL10.CL_QUEUE_PROPERTIES) & CL10.CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)
        != 0) {
      throw new IllegalArgumentException(
          "LwjglDevice: the queue must run in order; got one that does not");
    }
    long device = query(queue, CL10.CL_QUEUE_DEVICE);
    return OpenClDevice.wrap(platform(device), device, query(queue, CL10.CL_QUEUE_CONTEXT), queue);
  }

  private static long query(long queue, int name) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      LongBuffer value = stack.callocLong(1);
      check("clGetCommandQueueInfo", CL10.clGetCommandQueueInfo(queue, name, value, null));
      return value.get(0);
    }
  }

  private static long platform(long device) {
    try (MemoryStack stack = MemoryStack.stackPush()) {
      LongBuffer value = stack.callocLong(1);
      check("clGetDeviceInfo", CL10.clGetDeviceInfo(device, CL10.CL_DEVICE_PLATFORM, value, null));
      return value.get(0);
    }
  }

  private static void check(String call, int status) {
    if (status != CL10.CL_SUCCESS) {
      throw new IllegalStateException(call + " must succeed; got status " + status);
    }
  }

  /// A tensor over a `cl_mem` of LWJGL's, without a copy, retained until `scope` is closed.
  ///
  /// @throws IllegalArgumentException if it has fewer bytes than the tensor, or `scope` is of
  ///   another kind of device
  public static Tensor tensor(Scope scope, DType dtype, Shape shape, long memory) {
    if (scope.device() instanceof OpenClDevice device) {
      return device.wrapBuffer(scope, dtype, shape, memory);
    }
    throw new IllegalArgumentException(
        "LwjglDevice: the scope must be of an OpenCL device; got " + scope.device().name());
  }

  /// A tensor with the remaining elements of a direct buffer; the device's memory is the buffer's
  /// own where both share it, which must then live as long as `scope`.
  ///
  /// @throws IllegalArgumentException if the buffer is not direct, or holds fewer elements than the
  ///   shape
  public static Tensor tensor(Scope scope, Shape shape, Buffer values) {
    DType dtype =
        switch (values) {
          case FloatBuffer f -> DType.F32;
          case DoubleBuffer d -> DType.F64;
          case IntBuffer i -> DType.I32;
          case LongBuffer l -> DType.I64;
          case ByteBuffer b -> DType.U8;
          default ->
              throw new IllegalArgumentException(
                  "LwjglDevice: a buffer must be of floats, doubles, ints, longs or bytes; got "
                      + values);
        };
    return scope.wrap(dtype, shape, MemorySegment.ofBuffer(values));
  }

  /// Fills the remaining elements of `target` with those of `t`, in row-major order.
  ///
  /// @throws IllegalArgumentException unless `target` has just as many bytes
  public static void read(Tensor t, Buffer target) {
    t.readInto(MemorySegment.ofBuffer(target));
  }
}
