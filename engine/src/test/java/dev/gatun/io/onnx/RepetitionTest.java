package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.ModelBytes.floats;
import static dev.gatun.io.onnx.ModelBytes.graph;
import static dev.gatun.io.onnx.ModelBytes.model;
import static dev.gatun.io.onnx.ModelBytes.node;
import static dev.gatun.io.onnx.ModelBytes.ofGraph;
import static dev.gatun.io.onnx.ModelBytes.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Runs after the first ones of a shape, which repeat kernel calls where they may.
final class RepetitionTest {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int BOOL = 9;

  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes());
    cpu.close();
  }

  private OnnxModel read(ModelBytes model) throws IOException {
    return OnnxModel.read(model.segment(), "test", cpu);
  }

  private Tensor vector(float... values) {
    return scope.tensor(Shape.of(values.length), values);
  }

  private static Tensor out(Map<String, Tensor> results, String name) {
    return Optional.ofNullable(results.get(name)).orElseThrow();
  }

  /// From the third run of a shape on, only kernels are called, in memory of their own.
  @Test
  void laterRunsSeeTheirOwnInputs() throws Exception {
    ModelBytes g =
        graph("g")
            .input("x", FLOAT, "n")
            .output("y")
            .output("x")
            .stored(floats("two", new long[0], 2))
            .add(node("Pow", "x,two", "square"))
            .add(node("Softmax", "square", "s", with("axis", 0L)))
            .add(node("Mul", "s,x", "y"));
    try (OnnxModel m = read(model(13, g))) {
      List<Callable<Void>> runs = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        float big = 20 + i;
        runs.add(() -> {
          try (Scope mine = cpu.scope()) {
            Map<String, Tensor> in = Map.of("x", mine.tensor(Shape.of(3), 0f, big, 1f));
            Map<String, Tensor> results = m.run(mine, in);
            float[] y = out(results, "y").toFloatArray();
            assertArrayEquals(new float[] {0, big, 0}, y, 1e-6f);
            assertArrayEquals(new float[] {0, big, 1}, out(results, "x").toFloatArray());
          }
          return null;
        });
      }
      for (Callable<Void> run : runs) {
        run.call();
      }
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        for (Future<Void> f : threads.invokeAll(runs)) {
          f.get();
        }
      }
    }
  }

  @Test
  void whatIsReadBackDecidesInEveryRun() throws IOException {
    ModelBytes body =
        graph("body")
            .input("i", INT64)
            .input("c", BOOL)
            .input("v", FLOAT, "n")
            .add(node("Add", "v,v", "w"))
            .add(node("Identity", "c", "d"))
            .output("d")
            .output("w");
    ModelBytes g =
        graph("g")
            .input("x", FLOAT, "n")
            .output("y")
            .add(node("ReduceMax", "x", "m", with("keepdims", 0L)))
            .add(node("Cast", "m", "trips", with("to", 7L)))
            .add(node("Loop", "trips,,x", "y", ofGraph("body", body)));
    try (OnnxModel m = read(model(13, g))) {
      for (int n = 0; n < 6; n++) {
        assertEquals(n * Math.scalb(1.0, n), m.run(scope, vector(n)).item());
      }
    }
  }

  @Test
  void randomNumbersDifferFromRunToRun() throws IOException {
    ModelBytes g =
        graph("g").input("x", FLOAT, "n").output("y").add(node("RandomUniformLike", "x", "y"));
    try (OnnxModel m = read(model(13, g))) {
      Set<Double> seen = new HashSet<>();
      for (int n = 0; n < 6; n++) {
        seen.add(m.run(scope, vector(n)).item());
      }
      assertEquals(6, seen.size());
    }
  }
}
