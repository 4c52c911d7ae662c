package dev.gatun.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Node;
import dev.gatun.bindings.opencl.CL;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.DeviceProvider;
import dev.gatun.device.Trace;
import dev.gatun.op.Call;
import dev.gatun.op.ClSource;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.shape.IndexSelect;
import dev.gatun.opencl.ClBuffers.ClBuffer;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

@EnabledIf("dev.gatun.opencl.TestDevice#isThere")
class OpenClDeviceTest {
  private final OpenClDevice device = TestDevice.open(0);

  @AfterEach
  void close() {
    assertEquals(0, device.memory().liveBytes(), "memory of closed scopes is live");
    device.close();
  }

  @Test
  void tensorsComeAndGo() {
    try (Scope scope = device.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 1f, 2f, 3f);
      assertArrayEquals(new float[] {2, 4, 6}, x.add(x).toFloatArray());
      assertArrayEquals(new float[] {6, 4}, x.add(x).slice(0, 2, 0, -1).toFloatArray());
      assertEquals(
          0, scope.tensor(Shape.of(0)).add(scope.tensor(Shape.of(0))).toFloatArray().length);
      assertThrows(IllegalStateException.class, x::segment);
    }
  }

  @Test
  void wrongIndicesAreNamedWhenResultsAreRead() {
    try (Scope scope = device.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 1f, 2f, 3f);
      Tensor right = scope.tensor(DType.I64, Shape.of(2), 2, 0);
      Tensor wrong = scope.tensor(DType.I64, Shape.of(2), 0, 3);
      Tensor first = new IndexSelect(0).of(x, wrong);
      Tensor later = new IndexSelect(0).of(x, right);
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, later::toFloatArray);
      assertEquals(
          "IndexSelect[axis=0]: indices must lie in [0, 3); got 3", String.valueOf(e.getMessage()));
      assertArrayEquals(new float[] {3, 1}, later.toFloatArray(), "said once, the device goes on");
      assertArrayEquals(new float[] {1, 0}, first.toFloatArray(), "what is not there is 0");
    }
  }

  @Test
  void manyCallsThatCheckIndicesNeedNoReading() {
    try (Scope scope = device.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 1f, 2f, 3f);
      Tensor places = scope.tensor(DType.I64, Shape.of(1), 1);
      for (int i = 0; i < 5000; i++) {
        try (Scope step = device.scope()) {
          step.run(new IndexSelect(0), List.of(x, places));
        }
      }
      assertArrayEquals(new float[] {2}, new IndexSelect(0).of(x, places).toFloatArray());
    }
  }

  @Test
  void memoryIsUsedAgain() {
    long made = 0;
    for (int i = 0; i < 20; i++) {
      try (Scope scope = device.scope()) {
        Tensor x = scope.full(DType.F32, Shape.of(1000), i);
        assertEquals(2 * i, x.add(x).toFloatArray()[999]);
      }
      made = i == 1 ? device.memory().slabs() : made;
    }
    assertEquals(made, device.memory().slabs());
  }

  @Test
  void memoryOfTheHostIsSeen() {
    try (Arena arena = Arena.ofShared();
        Scope scope = device.scope()) {
      MemorySegment host = arena.allocate(4096, 4096);
      host.setAtIndex(ValueLayout.JAVA_FLOAT, 5, 7);
      Tensor x = scope.wrap(DType.F32, Shape.of(1024), host);
      assertEquals(14, x.add(x).toFloatArray()[5]);
    }
  }

  @Test
  void tooMuchMemoryIsRefusedAndTheDeviceGoesOn() {
    try (OpenClDevice small = OpenClDevice.open(TestDevice.options().withMemoryLimit(1 << 20));
        Scope scope = small.scope()) {
      String text =
          String.valueOf(
              assertThrows(
                      IllegalStateException.class, () -> scope.zeros(DType.F32, Shape.of(1 << 20)))
                  .getMessage());
      assertTrue(text.contains("out of memory") && text.contains("limit"), text);
      assertEquals(1, scope.full(DType.F32, Shape.of(2), 1).toFloatArray()[1]);
    }
  }

  @Test
  void whatTheDriverRefusesIsSaidAndThePoolGivenBack() {
    ClSession session = ClSession.open(found(), 0);
    int[] settled = new int[1];
    ClBuffers buffers =
        new ClBuffers(session.context(), Long.MAX_VALUE, Long.MAX_VALUE, false, () -> settled[0]++);
    buffers.give(buffers.take(1 << 20));
    String text =
        String.valueOf(
            assertThrows(IllegalStateException.class, () -> buffers.take(1L << 50)).getMessage());
    assertTrue(text.contains("out of memory") && text.contains("refused by the driver"), text);
    assertEquals(1, settled[0]);
    assertEquals(0, buffers.memory().reservedBytes());
    buffers.give(buffers.take(64));
    buffers.close();
    session.close();
  }

  @Test
  void tensorsMoveBetweenDevices() {
    try (Device cpu = CpuDevice.open();
        Scope host = cpu.scope();
        Scope scope = device.scope()) {
      Tensor x = host.tensor(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
      Tensor y = x.transpose(0, 1).to(scope);
      assertEquals(device, y.device());
      assertArrayEquals(new float[] {2, 8, 4, 10, 6, 12}, y.add(y).to(host).toFloatArray());
      assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, y.to(scope).toFloatArray());
      assertEquals(0, host.tensor(Shape.of(0)).to(scope).toFloatArray().length);
    }
  }

  @Test
  void devicesAreFoundByType() {
    String type = found().gpu() ? "gpu" : "cpu";
    try (Device d = new OpenClProvider().open("opencl:" + type)) {
      assertEquals("opencl:0", d.name());
    }
  }

  @Test
  void devicesAreFoundByNumberAndName() {
    List<String> names = new OpenClProvider().names();
    assertEquals(OpenClDevice.descriptions().size(), names.size());
    try (Device d = DeviceProvider.openAny("opencl")) {
      assertEquals("opencl:0", d.name());
    }
    try (Device d = DeviceProvider.openAny(names.getLast())) {
      assertEquals(names.getLast(), d.name());
    }
    String text =
        String.valueOf(
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new OpenClProvider().open("opencl:no such device"))
                .getMessage());
    assertTrue(text.contains("no such device"), text);
  }

  @Test
  void aClosedDeviceThrows() {
    OpenClDevice d = TestDevice.open(0);
    Scope scope = d.scope();
    Tensor x = scope.tensor(Shape.of(1), 1f);
    d.close();
    d.close();
    assertThrows(IllegalStateException.class, () -> x.add(x));
    assertThrows(IllegalStateException.class, x::toFloatArray);
    assertThrows(IllegalStateException.class, d::scope);
  }

  @Test
  void callsAreTraced() {
    try (Scope scope = device.scope()) {
      Tensor x = scope.full(DType.F32, Shape.of(100), 1);
      device.trace().start();
      x.add(x);
      List<Trace.Event> events = device.trace().stop();
      assertEquals(1, events.size());
      assertEquals("opencl", events.getFirst().form());
      assertEquals(device.name(), events.getFirst().device());
    }
  }

  @Test
  void threadsShareADevice() throws Exception {
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int t = 0; t < 4; t++) {
        float value = t;
        all.add(
            threads.submit(() -> {
              for (int i = 0; i < 200; i++) {
                try (Scope scope = device.scope()) {
                  Tensor x = scope.full(DType.F32, Shape.of(500), value);
                  Tensor y = x.add(x).mul(x).sub(x);
                  assertEquals(2 * value * value - value, y.toFloatArray()[499]);
                }
              }
            }));
      }
      for (Future<?> f : all) {
        f.get();
      }
    }
  }

  @Test
  void wrappedHandlesAreRetainedAndReleased() {
    MemorySegment context =
        Native.create(
            "clCreateContext",
            s -> {
              try (Arena arena = Arena.ofConfined()) {
                return CL.clCreateContext(
                    MemorySegment.NULL,
                    1,
                    arena.allocateFrom(ValueLayout.ADDRESS, found().id()),
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    s);
              }
            });
    MemorySegment queue =
        Native.create(
            "clCreateCommandQueue", s -> CL.clCreateCommandQueue(context, found().id(), 0, s));
    List<Long> handles = references(context, queue);
    MemorySegment memory =
        Native.create(
            "clCreateBuffer",
            s -> CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE(), 64, MemorySegment.NULL, s));
    long before = memoryReferences(memory);
    OpenClDevice d =
        OpenClDevice.wrap(
            found().platformId().address(),
            found().id().address(),
            context.address(),
            queue.address());
    try (d;
        Scope scope = d.scope()) {
      Tensor x = d.wrapBuffer(scope, DType.F32, Shape.of(16), memory.address());
      assertEquals(before + 1, memoryReferences(memory));
      d.write(x.buffer(), 0, MemorySegment.ofArray(new float[16]));
      assertEquals(1, x.add(1).toFloatArray()[15]);
      // The application's queue takes no times.
      d.trace().start();
      x.add(x);
      assertEquals(1, d.trace().stop().size());
      assertThrows(
          IllegalArgumentException.class,
          () -> device.wrapBuffer(scope, DType.F32, Shape.of(1), memory.address()));
      assertThrows(
          IllegalArgumentException.class,
          () -> d.wrapBuffer(scope, DType.F32, Shape.of(17), memory.address()));
    }
    assertEquals(before, memoryReferences(memory));
    // Before it is released, a driver may hold the queue by the last event of the memory.
    Native.check(CL.clReleaseMemObject(memory), "clReleaseMemObject");
    assertEquals(handles, references(context, queue));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            OpenClDevice.wrap(
                found().platformId().address(), found().id().address(), 0, queue.address()));
    assertEquals(handles, references(context, queue));
    Native.check(CL.clReleaseCommandQueue(queue), "clReleaseCommandQueue");
    Native.check(CL.clReleaseContext(context), "clReleaseContext");
  }

  private static Found found() {
    return Found.all().getFirst();
  }

  private static List<Long> references(MemorySegment context, MemorySegment queue) {
    return List.of(
        Native.number(
            "clGetContextInfo",
            CL.CL_CONTEXT_REFERENCE_COUNT(),
            (p, size, v, ret) -> CL.clGetContextInfo(context, p, size, v, ret)),
        Native.number(
            "clGetCommandQueueInfo",
            CL.CL_QUEUE_REFERENCE_COUNT(),
            (p, size, v, ret) -> CL.clGetCommandQueueInfo(queue, p, size, v, ret)));
  }

  private static long memoryReferences(MemorySegment memory) {
    return Native.number(
        "clGetMemObjectInfo",
        CL.CL_MEM_REFERENCE_COUNT(),
        (p, size, v, ret) -> CL.clGetMemObjectInfo(memory, p, size, v, ret));
  }

  @Test
  void programsAreKeptAndBadFilesAreBuiltAnew(@TempDir Path cache) throws IOException {
    run(Optional.of(cache));
    List<Path> files;
    try (Stream<Path> all = Files.list(cache)) {
      files = all.toList();
    }
    assertFalse(files.isEmpty());
    for (Path f : files) {
      Files.writeString(f, "not a program");
    }
    run(Optional.of(cache));
    // One bit of a driver's own binary.
    for (Path f : files) {
      byte[] kept = Files.readAllBytes(f);
      kept[kept.length / 2] ^= 1;
      Files.write(f, kept);
    }
    run(Optional.of(cache));
    Path file = Files.createFile(cache.resolve("a file"));
    run(Optional.of(file.resolve("below")));
    run(Optional.empty());
  }

  private static void run(Optional<Path> cache) {
    try (OpenClDevice d = OpenClDevice.open(TestDevice.options().withCache(cache));
        Scope scope = d.scope()) {
      assertEquals(3, scope.full(DType.F32, Shape.of(9), 1).add(2).toFloatArray()[8]);
    }
  }

  /// A kernel whose source does not compile, that asks for too much, or that has none.
  private record Bad(boolean hasSource, long local) implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      return in;
    }

    @Override
    public void reference(Call c) {}

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return hasSource
          ? List.of(
              Launch.of(new ClSource("bad.cl", "kernel void f() { undefined_name = 1; }"), "f")
                  .with(new Launch.Local(local))
                  .over(1, 1))
          : Kernel.super.openCl(d, in);
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(0, in, in);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty());
    }
  }

  @Test
  void whatDoesNotBuildSaysWhy() {
    try (Scope scope = device.scope()) {
      Tensor x = scope.full(DType.F32, Shape.of(1), 1);
      String text =
          String.valueOf(
              assertThrows(
                      IllegalStateException.class, () -> scope.run(new Bad(true, 0), List.of(x)))
                  .getMessage());
      assertTrue(
          text.contains("Bad")
              && text.contains("CL_BUILD_PROGRAM_FAILURE")
              && text.contains("undefined_name"),
          text);
      String none =
          String.valueOf(
              assertThrows(
                      IllegalStateException.class, () -> scope.run(new Bad(false, 0), List.of(x)))
                  .getMessage());
      assertTrue(none.contains("no OpenCL kernel") && none.contains(device.name()), none);
      String much =
          String.valueOf(
              assertThrows(
                      IllegalStateException.class,
                      () -> scope.run(new Bad(true, Long.MAX_VALUE), List.of(x)))
                  .getMessage());
      assertTrue(much.contains("Bad") && much.contains("local memory"), much);
      assertEquals(2, x.add(x).item());
      assertTrue(x.buffer() instanceof ClBuffer);
    }
  }
}
