package dev.gatun.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Recording.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RecordingTest {
  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  private Tensor vector(float... values) {
    return scope.tensor(Shape.of(values.length), values);
  }

  private Recording record(Tensor x, BiFunction<Scope, Tensor, Tensor> work) {
    return Recording.of(scope, List.of(x), (s, in) -> List.of(work.apply(s, in.get(0))));
  }

  /// Asserts that a repetition on other numbers gives the bits of the work itself, twice.
  private void repeats(BiFunction<Scope, Tensor, Tensor> work) {
    Tensor x = scope.normal(DType.F32, Shape.of(6, 37), 1);
    try (Recording r = record(x, work)) {
      assertArrayEquals(
          work.apply(scope, x).toFloatArray(), r.results().get(0).toFloatArray(), "the first run");
      assertEquals("Optional.empty", r.refusal().toString());
      try (Replay replay = r.replay()) {
        for (int seed = 2; seed < 4; seed++) {
          Tensor other = scope.normal(DType.F32, Shape.of(6, 37), seed);
          assertArrayEquals(
              work.apply(scope, other).toFloatArray(),
              replay.run(scope, List.of(other)).get(0).toFloatArray());
        }
      }
    }
  }

  @Test
  void chainsViewsAndReusedMemoryRepeat() {
    repeats((s, x) -> x.exp());
    repeats((s, x) -> x.transpose().matmul(x).softmax(-1).slice(0, 3, 20).transpose().sum(1));
    repeats((s, x) -> {
      Tensor y = x;
      for (int i = 0; i < 20; i++) {
        try (Scope step = s.child("step")) {
          y = s.borrow(step.borrow(y).mul(0.5).tanh().add(x)).copy();
        }
      }
      return y.concat(0, x.neg());
    });
    repeats((s, x) -> x);
    repeats((s, x) -> x.slice(1, 5, 5));
    repeats((s, x) -> x.view(Shape.of(37), Layout.contiguous(Shape.of(37), 37)));
  }

  @Test
  void constantsAreKept() {
    Tensor outside = scope.normal(DType.F32, Shape.of(37), 9);
    repeats((s, x) -> x.mul(outside).add(s.tensor(Shape.of(1), 3f)));
    Tensor x = vector(1, 2);
    try (Recording r = record(x, (s, in) -> s.tensor(Shape.of(2), 7f, 8f));
        Replay replay = r.replay()) {
      assertArrayEquals(new float[] {7, 8}, replay.run(scope, List.of(x)).get(0).toFloatArray());
    }
  }

  @Test
  void whatDependsOnNumbersReadBackIsRefused() {
    refused("reads a result back", (s, x) -> x.mul(x.sum().item()));
    refused(
        "reads a result back", (s, x) -> x.slice(0, 0, 2, 1).toFloatArray()[0] > 1 ? x : x.neg());
    refused("reads a result back", (s, x) -> x.exp().segment().byteSize() > 4 ? x : x.neg());
    refused(
        "used outside",
        (s, x) -> {
          try (Scope hidden = cpu.scope()) {
            return s.borrow(hidden.borrow(x).exp()).copy();
          }
        });
    Variable v = scope.state(vector(0, 0));
    refused(
        "updates a variable",
        (s, x) -> {
          s.update(new dev.gatun.op.shape.Assign(), List.of(v), List.of(x));
          return x;
        });
    refused(
        "other means",
        (s, x) -> {
          Tensor t = s.allocate(x.spec());
          cpu.write(t.buffer(), 0, java.lang.foreign.MemorySegment.ofArray(new float[2]));
          return t.add(x);
        });
  }

  private void refused(String why, BiFunction<Scope, Tensor, Tensor> work) {
    try (Recording r = record(vector(1, 2), work)) {
      assertTrue(r.refusal().orElse("none").contains(why), r.refusal().toString());
      assertThrows(IllegalStateException.class, r::replay);
    }
  }

  @Test
  void otherInputsAndClosedMemoryAreRefused() {
    Tensor weight = scope.normal(DType.F32, Shape.of(2), 1);
    Scope other = cpu.scope();
    Tensor borrowed = weight.in(other);
    Recording r = record(vector(1, 2), (s, x) -> x.mul(borrowed));
    Replay replay = r.replay();
    assertThrows(IllegalArgumentException.class, () -> replay.run(scope, List.of(vector(1, 2, 3))));
    assertThrows(IllegalArgumentException.class, () -> replay.run(scope, List.of()));
    other.close();
    assertThrows(IllegalStateException.class, () -> replay.run(scope, List.of(vector(1, 2))));
    replay.close();
    assertThrows(IllegalStateException.class, () -> replay.run(scope, List.of(vector(1, 2))));
    r.close();
    assertThrows(IllegalStateException.class, r::replay);
  }

  @Test
  void workThatFailsLeavesNothing() {
    assertThrows(
        IllegalArgumentException.class,
        () -> record(vector(1, 2), (s, x) -> x.exp().reshape(3)).close());
  }

  @Test
  void regionsInUseAtATimeDoNotOverlap() {
    Random random = new Random(3);
    for (int n = 0; n < 60; n++) {
      List<Region> regions = new ArrayList<>();
      for (int i = 0; i < n; i++) {
        int first = random.nextInt(30);
        regions.add(new Region(random.nextInt(1000), first, first + random.nextInt(8)));
      }
      long[] at = Recorder.offsets(regions);
      long least = 0;
      for (int i = 0; i < n; i++) {
        Region r = regions.get(i);
        assertEquals(0, at[i] % 64);
        assertTrue(at[i] + r.bytes() <= at[n]);
        long together = 0;
        for (int j = 0; j < n; j++) {
          Region s = regions.get(j);
          boolean apart = at[i] + r.bytes() <= at[j] || at[j] + s.bytes() <= at[i];
          assertTrue(i == j || apart || !r.overlaps(s), "%s %s".formatted(r, s));
          together += s.first() <= r.first() && r.first() <= s.last() ? s.padded() : 0;
        }
        least = Math.max(least, together);
      }
      assertTrue(at[n] <= 2 * least, "%d bytes where %d are in use".formatted(at[n], least));
    }
  }
}
