package dev.gatun.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ScopeTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  @Test
  void arraysComeBackAsTheyWere() {
    assertArrayEquals(new float[] {1, 2}, scope.tensor(Shape.of(2), 1f, 2f).toFloatArray());
    assertArrayEquals(new double[] {1, 2}, scope.tensor(Shape.of(2), 1.0, 2.0).toDoubleArray());
    assertArrayEquals(new long[] {1, -2}, scope.tensor(Shape.of(2), 1, -2).toLongArray());
    long beyondDoubles = (1L << 53) + 1;
    assertArrayEquals(
        new long[] {beyondDoubles, -1},
        scope.tensor(Shape.of(2), beyondDoubles, -1L).toLongArray());
    assertThrows(IllegalArgumentException.class, () -> scope.tensor(Shape.of(1), 1f).toLongArray());
    assertEquals(5, scope.tensor(Shape.of(), 5f).item());
    assertThrows(IllegalArgumentException.class, () -> scope.tensor(Shape.of(2), 1f, 2f).item());
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeTakesDoubles(DType type) {
    double[] values = {0, 1, 1, 0};
    assertArrayEquals(values, scope.tensor(type, Shape.of(2, 2), values).toDoubleArray());
    assertEquals(0, scope.tensor(type, Shape.of(0, 3)).toDoubleArray().length);
  }

  @Test
  void thereIsOneValuePerElement() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> scope.tensor(DType.F32, Shape.of(3), 1, 2));
    assertEquals(
        "Scope: a tensor needs one value per element; got 2 values for [3]", e.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> scope.tensor(DType.F64, Shape.of(1L << 50), 1));
    assertThrows(IllegalArgumentException.class, () -> scope.tensor(Shape.of(3), 1f, 2f));
    assertThrows(IllegalArgumentException.class, () -> scope.tensor(Shape.of(3), 1, 2));
    for (int bytes : new int[] {63, 65, 66, 67, 68}) {
      MemorySegment s = MemorySegment.ofArray(new byte[bytes]);
      assertThrows(IllegalArgumentException.class, () -> scope.copyOf(DType.F32, Shape.of(16), s));
    }
    assertEquals(0, cpu.memory().liveBytes());
  }

  @Test
  void wrappedMemoryIsSharedUntilItsArenaCloses() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4);
      Tensor t = scope.wrap(DType.F32, Shape.of(3), memory);
      assertArrayEquals(new float[] {1, 2, 3}, t.toFloatArray());
      memory.set(ValueLayout.JAVA_FLOAT, 4, 20);
      assertArrayEquals(new float[] {2, 40, 6}, t.add(t).toFloatArray());
      Tensor odd = scope.wrap(DType.F32, Shape.of(2), memory.asSlice(4, 8));
      assertArrayEquals(new float[] {400, 9}, odd.mul(odd).toFloatArray());
      assertTrue(cpu.memory().liveBytes() <= 2 * 64, "only the two results");
    }
    Tensor t;
    try (Arena arena = Arena.ofShared()) {
      t = scope.wrap(DType.F32, Shape.of(1), arena.allocate(4));
    }
    assertThrows(IllegalStateException.class, t::toFloatArray);
    assertThrows(IllegalStateException.class, t::exp);
  }

  @Test
  void heapConfinedAndShortMemoryIsNotWrapped() {
    Shape two = Shape.of(2);
    try (Arena confined = Arena.ofConfined();
        Arena shared = Arena.ofShared()) {
      for (MemorySegment s :
          List.of(
              MemorySegment.ofArray(new float[2]),
              confined.allocate(8),
              shared.allocate(7),
              MemorySegment.NULL)) {
        Exception e =
            assertThrows(IllegalArgumentException.class, () -> scope.wrap(DType.F32, two, s));
        assertTrue(String.valueOf(e.getMessage()).startsWith("Scope: "), e.getMessage());
      }
      MemorySegment automatic = Arena.ofAuto().allocate(8);
      assertArrayEquals(new float[2], scope.wrap(DType.F32, two, automatic).toFloatArray());
      assertArrayEquals(
          new float[2], scope.wrap(DType.F32, two, shared.allocate(8).asReadOnly()).toFloatArray());
    }
  }

  @Test
  void aMappedFileIsCopiedAndTheCopyGoesBack(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("mapped");
    Files.write(file, new byte[4000]);
    try (FileChannel channel = FileChannel.open(file);
        Arena arena = Arena.ofShared()) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 4000, arena);
      for (int i = 0; i < 50; i++) {
        try (Scope step = cpu.scope()) {
          assertEquals(0, step.wrap(DType.F32, Shape.of(1000), mapped).sum().item());
        }
        assertEquals(0, cpu.memory().liveBytes());
      }
    }
  }

  @Test
  void whatFailsHalfWayLeavesNothing() throws IOException {
    Tensor before = scope.tensor(Shape.of(1), 3f);
    long live = cpu.memory().liveBytes();
    assertThrows(
        IOException.class,
        () ->
            scope.allOrNothing(() -> {
              scope.tensor(Shape.of(1000), new float[1000]).exp();
              throw new IOException("half-way");
            }));
    assertEquals(live, cpu.memory().liveBytes());
    assertEquals(3, before.item());
    Tensor kept = scope.allOrNothing(() -> scope.tensor(Shape.of(1), 4f));
    assertEquals(4, kept.item());
  }

  @Test
  void aClosedScopeMakesNothing() {
    Scope closed = cpu.scope("over");
    closed.close();
    Exception e = assertThrows(IllegalStateException.class, () -> closed.tensor(Shape.of(1), 1f));
    assertEquals("scope 'over' is closed; got a call that needs it open", e.getMessage());
    assertThrows(IllegalStateException.class, () -> closed.zeros(DType.F32, Shape.of(1)));
    Tensor x = scope.tensor(Shape.of(1), 1f);
    assertThrows(IllegalStateException.class, () -> closed.borrow(x));
    assertThrows(IllegalStateException.class, () -> x.in(closed));
    assertThrows(IllegalStateException.class, () -> closed.variable(x));
    assertThrows(IllegalArgumentException.class, () -> Scope.youngest(List.of()));
  }
}
