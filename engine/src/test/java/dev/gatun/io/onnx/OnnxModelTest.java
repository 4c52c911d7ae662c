package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.ModelBytes.floats;
import static dev.gatun.io.onnx.ModelBytes.function;
import static dev.gatun.io.onnx.ModelBytes.graph;
import static dev.gatun.io.onnx.ModelBytes.longs;
import static dev.gatun.io.onnx.ModelBytes.model;
import static dev.gatun.io.onnx.ModelBytes.node;
import static dev.gatun.io.onnx.ModelBytes.ofGraph;
import static dev.gatun.io.onnx.ModelBytes.ofTensor;
import static dev.gatun.io.onnx.ModelBytes.reference;
import static dev.gatun.io.onnx.ModelBytes.tensor;
import static dev.gatun.io.onnx.ModelBytes.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Models built here: what the standard's suite does not ask about.
final class OnnxModelTest {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int BOOL = 9;

  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();

  @AfterEach
  void close() {
    scope.close();
    assertEquals(0, cpu.memory().liveBytes(), "a model or a bad file left memory");
    cpu.close();
  }

  private OnnxModel read(ModelBytes model) throws IOException {
    return OnnxModel.read(model.segment(), "test", cpu);
  }

  /// The message of the exception that reading `model` ends with; nothing stays allocated.
  private String refused(ModelBytes model) {
    long before = cpu.memory().liveBytes();
    String message =
        String.valueOf(assertThrows(IOException.class, () -> read(model).close()).getMessage());
    assertEquals(before, cpu.memory().liveBytes());
    return message;
  }

  private static void contains(String message, String... parts) {
    for (String p : parts) {
      assertTrue(message.contains(p), () -> "'" + p + "' is not in: " + message);
    }
  }

  private Tensor vector(float... values) {
    return scope.tensor(Shape.of(values.length), values);
  }

  private static Tensor out(Map<String, Tensor> results, String name) {
    return Optional.ofNullable(results.get(name)).orElseThrow();
  }

  private Tensor flag(boolean b) {
    return scope.full(DType.BOOL, Shape.of(), b ? 1 : 0);
  }

  /// A model of one input `x [n]` and one output `y`.
  private static ModelBytes single(ModelBytes... nodes) {
    ModelBytes g = graph("g").input("x", FLOAT, "n").output("y");
    for (ModelBytes n : nodes) {
      g.add(n);
    }
    return model(13, g);
  }

  @Test
  void sizesMayVaryFromRunToRun() throws IOException {
    ModelBytes shape = node("Shape", "x", "s");
    ModelBytes twice = node("Concat", "s,two", "t", with("axis", 0L));
    ModelBytes graph =
        graph("g")
            .input("x", FLOAT, "n")
            .output("y")
            .stored(longs("two", new long[] {1}, 2))
            .add(shape)
            .add(twice)
            .add(node("ConstantOfShape", "t", "z"))
            .add(node("Unsqueeze", "x,last", "u"))
            .stored(longs("last", new long[] {1}, -1))
            .add(node("Concat", "u,z", "y", with("axis", 1L)));
    try (OnnxModel m = read(model(13, graph))) {
      for (int run = 0; run < 2; run++) {
        for (int n = 1; n < 5; n++) {
          float[] x = new float[n];
          Arrays.fill(x, n);
          Tensor y = m.run(scope, vector(x));
          assertEquals(Shape.of(n, 3), y.shape());
          assertEquals(n * n, y.sum().item());
        }
      }
      assertEquals("[x FLOAT [n]]", m.inputs().toString());
    }
  }

  @Test
  void branchesSeeWhatIsAroundThem() throws IOException {
    ModelBytes then = graph("then").add(node("Concat", "x,x", "a", with("axis", 0L))).output("a");
    ModelBytes other =
        graph("else")
            .add(node("Constant", "", "b", ofTensor("value", floats("", new long[] {1}, 7))))
            .output("b");
    ModelBytes graph =
        graph("g")
            .input("c", BOOL)
            .input("x", FLOAT, "n")
            .output("y")
            .add(node("If", "c", "y", ofGraph("then_branch", then), ofGraph("else_branch", other)));
    try (OnnxModel m = read(model(13, graph))) {
      Tensor x = vector(1, 2);
      for (int run = 0; run < 2; run++) {
        Tensor yes = out(m.run(scope, Map.of("c", flag(true), "x", x)), "y");
        assertArrayEquals(new float[] {1, 2, 1, 2}, yes.toFloatArray());
        Tensor no = out(m.run(scope, Map.of("c", flag(false), "x", x)), "y");
        assertArrayEquals(new float[] {7}, no.toFloatArray());
      }
    }
  }

  @Test
  void aLoopCarriesStateAndStacksRows() throws IOException {
    ModelBytes body =
        graph("body")
            .input("i", INT64)
            .input("go", BOOL)
            .input("v", FLOAT, "k")
            .add(node("Identity", "go", "on"))
            .add(node("Concat", "v,x", "w", with("axis", 0L)))
            .add(node("Identity", "i", "row"))
            .output("on")
            .output("w")
            .output("row", INT64);
    ModelBytes graph =
        graph("g")
            .input("trips", INT64)
            .input("x", FLOAT, "n")
            .output("last")
            .output("rows")
            .add(node("Loop", "trips,,x", "last,rows", ofGraph("body", body)));
    try (OnnxModel m = read(model(13, graph))) {
      for (long trips : new long[] {1, 3}) {
        Map<String, Tensor> y =
            m.run(scope, Map.of("trips", scope.tensor(Shape.of(), trips), "x", vector(5)));
        assertEquals(Shape.of(1 + trips), out(y, "last").shape());
        assertEquals(trips - 1, out(y, "rows").toLongArray()[(int) trips - 1]);
      }
      Map<String, Tensor> none =
          m.run(scope, Map.of("trips", scope.tensor(Shape.of(), 0L), "x", vector(5)));
      assertEquals(DType.I64, out(none, "rows").dtype());
      assertEquals(Shape.of(0), out(none, "rows").shape());
    }
  }

  @Test
  void aScanGoesThroughASequenceBackwards() throws IOException {
    ModelBytes body =
        graph("body")
            .input("s", FLOAT, "2", "2")
            .input("m", FLOAT, "2", "2")
            .add(node("MatMul", "s,m", "t"))
            .add(node("Identity", "t", "row"))
            .output("t")
            .output("row");
    ModelBytes graph =
        graph("g")
            .input("s0", FLOAT, "2", "2")
            .input("all", FLOAT, "n", "2", "2")
            .output("last")
            .output("rows")
            .add(
                node(
                    "Scan",
                    "s0,all",
                    "last,rows",
                    ofGraph("body", body),
                    with("num_scan_inputs", 1L),
                    with("scan_input_directions", new long[] {1})));
    try (OnnxModel m = read(model(13, graph))) {
      Tensor one = scope.eye(DType.F32, 2, 2);
      Tensor all = scope.tensor(Shape.of(2, 2, 2), 1f, 1, 0, 1, 2, 0, 0, 1);
      Map<String, Tensor> y = m.run(scope, Map.of("s0", one, "all", all));
      assertArrayEquals(new float[] {2, 2, 0, 1}, out(y, "last").toFloatArray());
      assertArrayEquals(new float[] {2, 0, 0, 1, 2, 2, 0, 1}, out(y, "rows").toFloatArray());
    }
  }

  @Test
  void functionsOfTheModelAreCalledWithTheirAttributes() throws IOException {
    ModelBytes twice =
        function("mine", "Twice", "a", "b", "axis", 13)
            .message(7, node("Concat", "a,a", "b", reference("axis", 2, "axis")));
    ModelBytes four =
        function("mine", "FourTimes", "a", "b", "", 13)
            .opset(9, "mine", 1)
            .message(7, node("Twice", "a", "t", with("axis", 0L)).domain("mine"))
            .message(7, node("Twice", "t", "b", with("axis", 0L)).domain("mine"));
    ModelBytes m =
        single(node("FourTimes", "x", "t").domain("mine"), node("Identity", "t", "y"))
            .opset(8, "mine", 1)
            .message(25, twice)
            .message(25, four);
    try (OnnxModel model = read(m)) {
      assertArrayEquals(
          new float[] {1, 2, 1, 2, 1, 2, 1, 2}, model.run(scope, vector(1, 2)).toFloatArray());
      assertEquals(List.of("Concat", "Concat", "Identity"), model.operators());
    }
    ModelBytes endless =
        function("mine", "Twice", "a", "b", "", 13)
            .opset(9, "mine", 1)
            .message(7, node("Twice", "a", "b").domain("mine"));
    contains(
        refused(
            single(node("Twice", "x", "y").domain("mine"))
                .opset(8, "mine", 1)
                .message(25, endless)),
        "must not call itself",
        "Twice");
  }

  @Test
  void constantsComeInManyForms() throws IOException {
    ModelBytes g = graph("g");
    Map<String, double[]> wanted = new LinkedHashMap<>();
    add(g, wanted, "int", with("value_int", -3L), -3);
    add(g, wanted, "ints", with("value_ints", new long[] {1, -2}), 1, -2);
    add(g, wanted, "float", with("value_float", 0.5f), 0.5);
    add(g, wanted, "floats", with("value_floats", new float[] {0.5f, -1}), 0.5, -1);
    add(g, wanted, "typed float", ofTensor("value", tensor("", 1, 2).numbers(4, 1f, 2f)), 1, 2);
    add(g, wanted, "double", ofTensor("value", tensor("", 11, 2).numbers(10, 1.5, 2.0)), 1.5, 2);
    add(g, wanted, "int8", ofTensor("value", tensor("", 3, 2).integers(5, -1, 127)), -1, 127);
    add(g, wanted, "uint8", ofTensor("value", tensor("", 2, 1).integers(5, 255)), 255);
    add(g, wanted, "uint16", ofTensor("value", tensor("", 4, 1).integers(5, 65535)), 65535);
    add(g, wanted, "int32", ofTensor("value", tensor("", 6, 1).integers(5, -7)), -7);
    add(g, wanted, "uint32", ofTensor("value", tensor("", 12, 1).integers(11, 1L << 31)), 0x1p31);
    add(g, wanted, "bool", ofTensor("value", tensor("", 9, 2).integers(5, 1, 0)), 1, 0);
    add(g, wanted, "half", ofTensor("value", tensor("", 10, 1).integers(5, 0x3800)), 0.5);
    add(g, wanted, "bfloat", ofTensor("value", tensor("", 16, 1).integers(5, 0x3f00)), 0.5);
    add(
        g,
        wanted,
        "raw half",
        ofTensor("value", tensor("", 10, 1).bytes(9, new byte[] {0, 0x38})),
        0.5);
    add(
        g,
        wanted,
        "four bits",
        ofTensor("value", tensor("", 22, 3).bytes(9, new byte[] {(byte) 0x8f, 7})),
        -1,
        -8,
        7);
    try (OnnxModel m = read(model(21, g))) {
      Map<String, Tensor> y = m.run(scope, Map.of());
      wanted.forEach((name, v) -> assertArrayEquals(v, out(y, name).toDoubleArray(), name));
    }
    contains(
        refused(single(node("Constant", "", "y", with("value_string", "a")))),
        "Constant",
        "value_string");
  }

  private static void add(
      ModelBytes g,
      Map<String, double[]> wanted,
      String name,
      ModelBytes attribute,
      double... values) {
    g.add(node("Constant", "", name, attribute)).output(name);
    wanted.put(name, values);
  }

  @Test
  void dataMayLieInAFileBesideTheModel(@TempDir Path dir) throws IOException {
    Path folder = Files.createDirectory(dir.resolve("model"));
    byte[] data = ModelBytes.raw(0, 3, 4);
    Files.write(folder.resolve("weights.bin"), data);
    Files.write(dir.resolve("secret.bin"), data);
    Map<String, String> good = Map.of("location", "weights.bin", "offset", "4", "length", "8");
    Path file = Files.write(folder.resolve("m.onnx"), external(good).bytes());
    try (OnnxModel m = OnnxModel.open(file, cpu)) {
      assertArrayEquals(new float[] {1, 3, 4}, m.run(scope, vector(1)).toFloatArray());
    }
    contains(refused(external(good)), "must hold its data");
    List<Map<String, String>> bad =
        List.of(
            Map.of("location", "../secret.bin"),
            Map.of("location", dir.resolve("secret.bin").toString()),
            Map.of("location", "none.bin"),
            Map.of("location", ""),
            Map.of("location", "weights.bin", "offset", "8"),
            Map.of("location", "weights.bin", "offset", "-4"),
            Map.of("location", "weights.bin", "length", "4"),
            Map.of("location", "weights.bin", "length", "9223372036854775807"));
    for (Map<String, String> where : bad) {
      Files.write(file, external(where).bytes());
      long before = cpu.memory().liveBytes();
      assertThrows(
          IOException.class, () -> OnnxModel.open(file, cpu).close(), () -> where.toString());
      assertEquals(before, cpu.memory().liveBytes());
    }
  }

  private static ModelBytes external(Map<String, String> where) {
    ModelBytes g =
        graph("g")
            .input("x", FLOAT, "n")
            .output("y")
            .stored(ModelBytes.external("w", new long[] {2}, where))
            .add(node("Concat", "x,w", "y", with("axis", 0L)));
    return model(13, g);
  }

  @Test
  void everyMissingOperatorIsNamed() {
    String message =
        refused(
            single(
                    node("Frobnicate", "x", "t"),
                    node("Gadget", "t", "u").domain("com.example"),
                    node("Identity", "u", "y"))
                .opset(8, "com.example", 3));
    contains(
        message,
        "Frobnicate of domain ai.onnx, operator set 13",
        "Gadget of domain com.example, operator set 3");
  }

  @Test
  void brokenGraphsAreRefused() {
    contains(refused(single(node("Concat", "x,nobody", "y", with("axis", 0L)))), "'nobody'");
    contains(refused(single(node("Identity", "x", "t"))), "'y'");
    contains(refused(single(node("Identity", "x", "y"), node("Identity", "x", "y"))), "second 'y'");
    contains(refused(single(node("Identity", "x", "x"), node("Identity", "x", "y"))), "second 'x'");
    contains(refused(single(node("Identity", "t", "y"), node("Identity", "x", "t"))), "'t'");
    ModelBytes body = graph("b").add(node("Identity", "nobody", "z")).output("z");
    contains(
        refused(
            single(
                node("If", "x", "y", ofGraph("then_branch", body), ofGraph("else_branch", body)))),
        "'nobody'");
    contains(refused(new ModelBytes().opset(8, "", 13)), "graph");
    contains(refused(model(13, graph("g").stored(floats("w", new long[] {3}, 1, 2)))), "12 bytes");
    contains(refused(model(13, graph("g").stored(tensor("w", 8, 1).text(6, "a")))), "type 8");
    contains(refused(model(13, graph("g").stored(tensor("w", 1, -1)))), "negative");
    contains(refused(model(13, graph("g").stored(tensor("w", 1, 1L << 40, 1L << 40)))), "must fit");
  }

  /// Whatever is cut off or changed: one exception, and nothing stays.
  @Test
  void brokenBytesLeaveNothing() throws IOException {
    ModelBytes body =
        graph("b")
            .add(node("Identity", "x", "z"))
            .output("z")
            .stored(floats("q", new long[] {1}, 1));
    ModelBytes graph =
        graph("g")
            .input("c", BOOL)
            .input("x", FLOAT, "n")
            .output("y")
            .stored(floats("w", new long[] {2}, 1, 2))
            .stored(longs("i", new long[] {1}, 1))
            .add(node("Gather", "w,i", "t", with("axis", 0L)))
            .add(node("If", "c", "u", ofGraph("then_branch", body), ofGraph("else_branch", body)))
            .add(node("Concat", "u,t", "y", with("axis", 0L)));
    byte[] good = model(13, graph).bytes();
    long before = cpu.memory().liveBytes();
    for (int i = 0; i < good.length; i++) {
      tryToRead(Arrays.copyOf(good, i));
      for (int change : new int[] {1, 0x40, 0x80, 0xff}) {
        byte[] other = good.clone();
        other[i] ^= (byte) change;
        tryToRead(other);
      }
      assertEquals(before, cpu.memory().liveBytes());
    }
  }

  private void tryToRead(byte[] file) {
    try {
      OnnxModel.read(MemorySegment.ofArray(file), "test", cpu).close();
    } catch (IOException e) {
      assertTrue(String.valueOf(e.getMessage()).startsWith("test: "), () -> e.toString());
    }
  }

  @Test
  void inputsMustBeAsTheModelSays() throws IOException {
    ModelBytes g =
        graph("g")
            .input("x", FLOAT, "n", "2")
            .input("i", INT64, "")
            .output("y")
            .add(node("Gather", "x,i", "y", with("axis", 0L)).named("pick"));
    try (OnnxModel m = read(model(13, g))) {
      Tensor x = scope.tensor(Shape.of(3, 2), 0f, 1, 2, 3, 4, 5);
      Tensor i = scope.tensor(Shape.of(2), 2L, -3L);
      assertArrayEquals(
          new float[] {4, 5, 0, 1}, out(m.run(scope, Map.of("x", x, "i", i)), "y").toFloatArray());
      contains(wrong(m, Map.of("x", x)), "i is missing");
      contains(wrong(m, Map.of("x", x, "i", i, "j", i)), "must be among", "j");
      contains(wrong(m, Map.of("x", x.to(DType.F64), "i", i)), "x FLOAT [n,2]", "F64 [3,2]");
      contains(wrong(m, Map.of("x", x.flatten(), "i", i)), "x FLOAT [n,2]");
      contains(wrong(m, Map.of("x", x.transpose(), "i", i)), "x FLOAT [n,2]", "[2,3]");
      contains(
          wrong(m, Map.of("x", x, "i", scope.tensor(Shape.of(1), 3L))),
          "'pick' Gather (operator set 13)",
          "FLOAT [3,2], INT64 [1]");
      contains(
          String.valueOf(
              assertThrows(IllegalArgumentException.class, () -> m.run(scope, x)).getMessage()),
          "by name");
    }
  }

  private String wrong(OnnxModel m, Map<String, Tensor> inputs) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> m.run(scope, inputs)).getMessage());
  }

  @Test
  void aClosedModelDoesNotRun() throws IOException {
    OnnxModel m = read(single(node("Identity", "x", "y")));
    m.close();
    m.close();
    assertThrows(IllegalStateException.class, () -> m.run(scope, vector(1)));
  }

  @Test
  void constantsAreFoldedAndUnusedNodesDoNotRun() throws IOException {
    ModelBytes g =
        graph("g")
            .input("x", FLOAT, "n")
            .output("y")
            .stored(floats("a", new long[] {2, 2}, 1, 2, 3, 4))
            .stored(longs("i", new long[] {1}, 0))
            .add(node("Transpose", "a", "b"))
            .add(node("MatMul", "a,b", "c"))
            .add(node("Identity", "x", "unused"))
            .add(node("MatMul", "x,c", "y"));
    try (OnnxModel m = read(model(13, g))) {
      assertEquals(List.of("MatMul"), m.operators());
      assertArrayEquals(new float[] {5, 11}, m.run(scope, vector(1, 0)).toFloatArray());
    }
  }
}
