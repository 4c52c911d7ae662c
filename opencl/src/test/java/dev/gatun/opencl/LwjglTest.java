package dev.gatun.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.opencl.lwjgl.LwjglDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.lwjgl.PointerBuffer;
import org.lwjgl.opencl.CL10;
import org.lwjgl.opencl.CL11;
import org.lwjgl.opencl.CL12;
import org.lwjgl.opencl.CL20;
import org.lwjgl.opencl.CL21;
import org.lwjgl.opencl.CL22;
import org.lwjgl.opencl.CL30;
import org.lwjgl.system.MemoryUtil;

/// The bindings against LWJGL's, and both on the same memory.
@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class LwjglTest {
  private static final Class<?>[] LWJGL = {
    CL10.class, CL11.class, CL12.class, CL20.class, CL21.class, CL22.class, CL30.class
  };

  /// LWJGL widens the first by its sign, and has another number than the header for the second.
  private static final Set<String> OTHER =
      Set.of("CL_DEVICE_TYPE_ALL", "CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT");

  @Test
  void constantsAreThoseOfLwjgl() throws ReflectiveOperationException {
    Map<String, Long> theirs = new HashMap<>();
    for (Class<?> c : LWJGL) {
      for (Field f : c.getFields()) {
        if (f.getName().startsWith("CL_") && f.get(null) instanceof Number n) {
          theirs.put(f.getName(), n.longValue());
        }
      }
    }
    int same = 0;
    Set<String> differ = new TreeSet<>();
    for (Method m : CL.class.getMethods()) {
      if (m.getName().startsWith("CL_")
          && m.getParameterCount() == 0
          && theirs.containsKey(m.getName())
          && m.invoke(null) instanceof Number ours) {
        if (ours.longValue() == theirs.get(m.getName())) {
          same++;
        } else {
          differ.add(m.getName());
        }
      }
    }
    assertTrue(same > 300, "only " + same + " constants were compared");
    assertTrue(OTHER.containsAll(differ), "differ: " + differ);
  }

  @Test
  void functionsAreThoseOfLwjgl() {
    Set<String> theirs =
        Stream.of(LWJGL)
            .flatMap(c -> Arrays.stream(c.getMethods()))
            .map(Method::getName)
            .collect(Collectors.toSet());
    Set<String> missing =
        Arrays.stream(CL.class.getMethods())
            .map(Method::getName)
            .filter(n -> n.matches("cl[A-Z][A-Za-z]*"))
            .filter(n -> !theirs.contains(n) && !theirs.contains("n" + n))
            .collect(Collectors.toSet());
    assertEquals(Set.of(), missing);
  }

  @Test
  void memoryIsSharedBothWays() {
    PointerBuffer platform = PointerBuffer.allocateDirect(1);
    PointerBuffer device = PointerBuffer.allocateDirect(1);
    IntBuffer status = MemoryUtil.memAllocInt(1);
    CL10.clGetPlatformIDs(platform, (IntBuffer) null);
    CL10.clGetDeviceIDs(platform.get(0), CL10.CL_DEVICE_TYPE_ALL, device, (IntBuffer) null);
    PointerBuffer properties = PointerBuffer.allocateDirect(3);
    properties.put(CL10.CL_CONTEXT_PLATFORM).put(platform.get(0)).put(0).flip();
    long context = CL10.clCreateContext(properties, device.get(0), null, 0, status);
    long queue = CL10.clCreateCommandQueue(context, device.get(0), 0, status);
    FloatBuffer values = MemoryUtil.memAllocFloat(8);
    for (int i = 0; i < 8; i++) {
      values.put(i, i);
    }
    long memory =
        CL10.clCreateBuffer(
            context, CL10.CL_MEM_READ_WRITE | CL10.CL_MEM_COPY_HOST_PTR, values, status);
    assertEquals(CL10.CL_SUCCESS, status.get(0));
    FloatBuffer result = MemoryUtil.memAllocFloat(8);
    try (OpenClDevice ours = LwjglDevice.of(queue);
        Scope scope = ours.scope()) {
      Tensor x = LwjglDevice.tensor(scope, DType.F32, Shape.of(8), memory);
      LwjglDevice.read(x.mul(x), result);
      assertEquals(49, result.get(7));
      assertEquals(3, LwjglDevice.tensor(scope, Shape.of(2, 4), values).add(0).toFloatArray()[3]);
      // What LWJGL writes next is what the next call reads.
      values.put(0, 5);
      CL10.clEnqueueWriteBuffer(queue, memory, true, 0, values, null, null);
      assertEquals(10, x.add(x).toFloatArray()[0]);
      try (CpuDevice cpu = CpuDevice.open();
          Scope other = cpu.scope()) {
        assertThrows(
            IllegalArgumentException.class,
            () -> LwjglDevice.tensor(other, DType.F32, Shape.of(8), memory));
      }
    }
    assertEquals(CL10.CL_SUCCESS, CL10.clReleaseMemObject(memory));
    assertEquals(CL10.CL_SUCCESS, CL10.clReleaseCommandQueue(queue));
    assertEquals(CL10.CL_SUCCESS, CL10.clReleaseContext(context));
    MemoryUtil.memFree(values);
    MemoryUtil.memFree(result);
    MemoryUtil.memFree(status);
  }
}
