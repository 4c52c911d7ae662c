package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.ModelBytes.floats;
import static dev.gatun.io.onnx.ModelBytes.longs;
import static dev.gatun.io.onnx.ModelBytes.node;
import static dev.gatun.io.onnx.ModelBytes.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The patterns of nodes that exporters write: each becomes the engine's op and gives the same
/// numbers as its nodes one by one.
class FusionsTest {
  private static final int FLOAT = 1;
  private static final int BOOL = 9;

  private final CpuDevice cpu = CpuDevice.open();
  private final Scope scope = cpu.scope();
  private final ModelBytes graph = ModelBytes.graph("pattern");
  private final List<Value> inputs = new ArrayList<>();
  private final Random random = new Random(5);
  private int opset = 17;

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  private FusionsTest in(String name, long... dims) {
    graph.input(name, FLOAT, names(dims));
    inputs.add(Value.of(scope.normal(DType.F32, Shape.of(dims), random.nextLong())));
    return this;
  }

  private static String[] names(long... dims) {
    return Arrays.stream(dims).mapToObj(Long::toString).toArray(String[]::new);
  }

  private FusionsTest op(String operator, String in, String out, ModelBytes... attributes) {
    graph.add(node(operator, in, out, attributes));
    return this;
  }

  private FusionsTest number(String name, double value) {
    graph.stored(floats(name, new long[0], (float) value));
    return this;
  }

  private FusionsTest integers(String name, long... values) {
    graph.stored(longs(name, new long[] {values.length}, values));
    return this;
  }

  private FusionsTest stored(String name, long... dims) {
    float[] v = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) random.nextGaussian();
    }
    graph.stored(floats(name, dims, v));
    return this;
  }

  /// Runs the graph, whose result is `y`, fused and node by node; the operators left are `wanted`.
  private void becomes(String... wanted) throws IOException {
    ModelBytes model = ModelBytes.model(opset, graph.output("y"));
    List<Value> plain;
    try (Arena arena = Arena.ofShared()) {
      GraphReader.Model file =
          new GraphReader("test", new StoredReader("test", Optional.empty(), arena))
              .model(model.segment());
      Loading loading = new Loading(cpu);
      Program program = loading.program(file);
      plain = new Execution(program, program.plan(), scope).run(inputs, new Value[0]);
      loading.close();
    }
    try (OnnxModel fused = OnnxModel.read(model.segment(), "test", cpu)) {
      List<Value> y = fused.run(scope, inputs);
      assertEquals(plain.get(0).shape(), y.get(0).shape());
      double[] numbers = plain.get(0).tensor().toDoubleArray();
      assertTrue(Arrays.stream(numbers).allMatch(Double::isFinite));
      assertArrayEquals(numbers, y.get(0).tensor().toDoubleArray(), 1e-5);
      assertEquals(List.of(wanted), fused.operators());
    }
  }

  private static ModelBytes last() {
    return with("axes", new long[] {-1});
  }

  private void layerNorm(boolean power) {
    number("two", 2).number("eps", 1e-3);
    op("ReduceMean", "x", "mean", last()).op("Sub", "x,mean", "c");
    op(power ? "Pow" : "Mul", power ? "c,two" : "c,c", "square");
    op("ReduceMean", "square", "var", last()).op("Add", "var,eps", "sum").op("Sqrt", "sum", "dev");
    op("Div", "c,dev", "n");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void layerNormOfSum(boolean power) throws IOException {
    in("a", 2, 3, 8).in("b", 2, 3, 8).stored("w", 8).stored("v", 8).op("Add", "a,b", "x");
    layerNorm(power);
    op("Mul", "n,w", "s").op("Add", "s,v", "y").becomes("Norm");
  }

  /// A weight of one number is repeated.
  @Test
  void layerNormOfOneWeight() throws IOException {
    in("x", 3, 8).stored("w", 1).stored("v", 1);
    layerNorm(true);
    op("Mul", "n,w", "s").op("Add", "s,v", "y").becomes("Norm");
  }

  /// A row of weights beside columns of one makes more columns.
  @Test
  void rmsNormOfOneColumn() throws IOException {
    in("x", 3, 1).stored("w", 4);
    rmsNorm("Reciprocal", "s", "i");
    op("Mul", "x,i", "n").op("Mul", "w,n", "y").becomes("Norm");
  }

  private void rmsNorm(String inverse, String of, String to) {
    number("two", 2).number("eps", 1e-3).number("one", 1);
    op("Pow", "x,two", "p").op("ReduceMean", "p", "m", last()).op("Add", "m,eps", "e");
    op("Sqrt", "e", "s").op(inverse, of, to);
  }

  /// As Llama is exported.
  @Test
  void rmsNormByReciprocal() throws IOException {
    in("x", 2, 3, 8).stored("w", 8);
    rmsNorm("Reciprocal", "s", "i");
    op("Mul", "x,i", "n").op("Mul", "w,n", "y").becomes("Norm");
  }

  @Test
  void rmsNormByQuotientOfOne() throws IOException {
    in("x", 2, 3, 8).stored("w", 8);
    rmsNorm("Div", "one,s", "i");
    op("Mul", "x,i", "n").op("Mul", "n,w", "y").becomes("Norm");
  }

  @Test
  void rmsNormByQuotient() throws IOException {
    in("x", 2, 3, 8).stored("w", 8);
    rmsNorm("Div", "x,s", "n");
    op("Mul", "n,w", "y").becomes("Norm");
  }

  private FusionsTest erf() {
    in("x", 4, 9).number("r", Math.sqrt(2)).number("one", 1).number("half", 0.5).number("two", 2);
    return op("Div", "x,r", "q").op("Erf", "q", "e").op("Add", "e,one", "f");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void gelu(int spelling) throws IOException {
    erf();
    switch (spelling) {
      case 0 -> op("Mul", "x,f", "g").op("Mul", "g,half", "y");
      case 1 -> op("Mul", "x,half", "g").op("Mul", "g,f", "y");
      case 2 -> op("Mul", "half,f", "g").op("Mul", "x,g", "y");
      case 3 -> op("Div", "f,two", "g").op("Mul", "x,g", "y");
      default -> op("Mul", "x,f", "g").op("Div", "g,two", "y");
    }
    becomes("Act");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void geluByTanh(int spelling) throws IOException {
    in("x", 4, 9).number("c", Math.sqrt(2 / Math.PI)).number("k", 0.044715);
    number("one", 1).number("half", 0.5).number("three", 3).number("two", 2);
    switch (spelling) {
      case 0 -> op("Pow", "x,three", "p").op("Mul", "k,p", "t").op("Add", "x,t", "a");
      case 1 ->
          op("Mul", "x,x", "s").op("Mul", "s,x", "p").op("Mul", "p,k", "t").op("Add", "t,x", "a");
      case 2 ->
          op("Mul", "x,x", "s").op("Mul", "s,k", "p").op("Mul", "p,x", "t").op("Add", "x,t", "a");
      default -> op("Mul", "k,x", "p").op("Mul", "p,x", "t").op("Add", "one,t", "a");
    }
    if (spelling == 3) {
      op("Mul", "x,c", "b").op("Mul", "b,a", "z");
    } else {
      op("Mul", "c,a", "z");
    }
    op("Tanh", "z", "h").op("Add", "one,h", "f").op("Mul", "x,f", "g").op("Mul", "half,g", "y");
    becomes("GeluTanh");
  }

  @Test
  void swiGlu() throws IOException {
    in("g", 4, 9).in("u", 4, 9);
    op("Sigmoid", "g", "s").op("Mul", "g,s", "a").op("Mul", "a,u", "y").becomes("Gated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Relu", "Tanh", "Sigmoid"})
  void biasAndActivation(String activation) throws IOException {
    in("x", 4, 9).stored("w", 9, 5).stored("b", 5);
    op("MatMul", "x,w", "p").op("Add", "b,p", "s").op(activation, "s", "y").becomes("Linear");
  }

  private FusionsTest scores() {
    return in("q", 2, 3, 5, 8).in("k", 2, 3, 8, 6).in("v", 2, 3, 6, 4).op("MatMul", "q,k", "p");
  }

  /// As BERT is exported: scores are divided, and what hides padding is added.
  @Test
  void attentionWithBias() throws IOException {
    scores().in("mask", 2, 1, 1, 6).number("c", 3);
    op("Div", "p,c", "s").op("Add", "s,mask", "b").op("Softmax", "b", "w", with("axis", -1L));
    op("MatMul", "w,v", "y").becomes("Attend");
  }

  private FusionsTest mask() {
    graph.input("mask", BOOL, names(2, 1, 5, 6));
    double[] seen = random.doubles(60).map(d -> d < 0.6 ? 1 : 0).toArray();
    for (int i = 0; i < 60; i += 6) {
      seen[i] = 1;
      seen[i + 1] = 0;
    }
    inputs.add(new Value(ElementType.BOOL, scope.tensor(DType.BOOL, Shape.of(2, 1, 5, 6), seen)));
    return this;
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NEGATIVE_INFINITY, -3.4028234663852886e38, -1e9})
  void attentionOfSeenKeys(double low) throws IOException {
    scores().mask().in("bias", 1, 3, 5, 6).number("c", 0.3).number("low", low);
    op("Mul", "p,c", "s").op("Add", "bias,s", "b").op("Where", "mask,b,low", "m");
    op("Softmax", "m", "w", with("axis", 3L)).op("MatMul", "w,v", "y").becomes("Attend");
  }

  @Test
  void attentionWithoutHiddenKeys() throws IOException {
    graph.input("hidden", BOOL, "6");
    double[] hidden = {0, 1, 0, 0, 1, 1};
    inputs.add(new Value(ElementType.BOOL, scope.tensor(DType.BOOL, Shape.of(6), hidden)));
    scores().number("low", -1e9);
    op("Where", "hidden,low,p", "m").op("Softmax", "m", "w", with("axis", -1L));
    op("MatMul", "w,v", "y").becomes("Attend");
  }

  /// A bias with more batches than the scores makes more batches.
  @Test
  void attentionOfMoreBiases() throws IOException {
    in("q", 1, 3, 5, 8).in("k", 1, 3, 8, 6).in("v", 1, 3, 6, 4).in("bias", 4, 1, 5, 6);
    op("MatMul", "q,k", "p").op("Add", "p,bias", "b").op("Softmax", "b", "w", with("axis", -1L));
    op("MatMul", "w,v", "y").becomes("Attend");
  }

  /// Before version 13 a softmax without an axis is one over all axes but the first.
  @Test
  void oldSoftmaxOverMoreAxesStays() throws IOException {
    opset = 11;
    scores()
        .op("Softmax", "p", "w")
        .op("MatMul", "w,v", "y")
        .becomes("MatMul", "Softmax", "MatMul");
  }

  private FusionsTest halves(String x) {
    integers("0", 0).integers("half", 4).integers("end", Long.MAX_VALUE).integers("last", -1);
    integers("one", 1).integers("two", 2);
    op("Slice", x + ",0,half,last,one", "x1");
    return op("Slice", x + ",half,end,last,one", "x2");
  }

  private FusionsTest tables() {
    in("angles", 2, 5, 4).op("Concat", "angles,angles", "both", with("axis", -1L));
    op("Cos", "both", "c").op("Sin", "both", "s");
    return op("Unsqueeze", "c,one", "cos").op("Unsqueeze", "s,one", "sin");
  }

  /// As Llama is exported.
  @Test
  void rotaryByHalves() throws IOException {
    in("x", 2, 3, 5, 8).halves("x").tables();
    op("Neg", "x2", "n").op("Concat", "n,x1", "r", with("axis", -1L));
    op("Mul", "x,cos", "a").op("Mul", "r,sin", "b").op("Add", "a,b", "y");
    becomes("Concat", "Cos", "Sin", "Unsqueeze", "Unsqueeze", "Whole");
  }

  /// Tables stored with the model, of which positions choose rows.
  @Test
  void rotaryOfStoredTables() throws IOException {
    graph.input("at", ElementType.INT64.code(), "2", "5");
    double[] at = {0, 1, 2, 3, 4, 2, 3, 4, 5, 6};
    inputs.add(new Value(ElementType.INT64, scope.tensor(DType.I64, Shape.of(2, 5), at)));
    float[] table = new float[7 * 8];
    for (int i = 0; i < table.length; i++) {
      table[i] = (i / 8 * 4 + i % 4) / 9f;
    }
    graph.stored(floats("t", new long[] {7, 8}, table));
    in("x", 2, 3, 5, 8).halves("x").op("Cos", "t", "ct").op("Sin", "t", "st");
    op("Gather", "ct,at", "c").op("Gather", "st,at", "s");
    op("Unsqueeze", "c,one", "cos").op("Unsqueeze", "s,one", "sin");
    op("Neg", "x2", "n").op("Concat", "n,x1", "r", with("axis", -1L));
    op("Mul", "cos,x", "a").op("Mul", "sin,r", "b").op("Add", "b,a", "y");
    becomes("Gather", "Gather", "Unsqueeze", "Unsqueeze", "Whole");
  }

  /// Tables that do not repeat themselves have no such op.
  @Test
  void rotaryOfOtherTablesStays() throws IOException {
    in("x", 2, 3, 5, 8).halves("x").in("cos", 5, 8).in("sin", 5, 8);
    op("Neg", "x2", "n").op("Concat", "n,x1", "r", with("axis", -1L));
    op("Mul", "x,cos", "a").op("Mul", "r,sin", "b").op("Add", "a,b", "y");
    becomes("Slice", "Slice", "Neg", "Concat", "Mul", "Mul", "Add");
  }

  private FusionsTest crossed() {
    op("Mul", "x1,cos", "a").op("Mul", "x2,sin", "b").op("Sub", "a,b", "re");
    return op("Mul", "x2,cos", "c").op("Mul", "x1,sin", "d").op("Add", "c,d", "im");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 5})
  void rotaryOfParts(long rows) throws IOException {
    in("x", 2, 3, 5, 8).halves("x").in("cos", rows, 4).in("sin", rows, 4).crossed();
    op("Concat", "re,im", "y", with("axis", -1L)).becomes("Halves");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 5})
  void rotaryInTurn(long rows) throws IOException {
    integers("0", 0).integers("end", Long.MAX_VALUE).integers("last", -1);
    integers("one", 1).integers("two", 2).integers("shape", 2, 3, 0, 8);
    in("x", 2, 3, 5, 8).in("cos", rows, 4).in("sin", rows, 4);
    op("Slice", "x,0,end,last,two", "x1").op("Slice", "x,one,end,last,two", "x2").crossed();
    op("Unsqueeze", "re,last", "e").op("Unsqueeze", "im,last", "f");
    op("Concat", "e,f", "g", with("axis", -1L)).op("Reshape", "g,shape", "y").becomes("InTurn");
  }
}
