package dev.gatun.io.onnx;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/// A message of an ONNX file while it is written: fields by number, as `onnx.proto` has them, and
/// the messages that tests need.
///
/// ```java
/// ModelBytes graph =
///     ModelBytes.graph("g").add(ModelBytes.node("Identity", "x", "y")).input("x", 1, "n").output("y");
/// byte[] file = ModelBytes.model(13, graph).bytes();
/// ```
final class ModelBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /// The bytes so far.
  byte[] bytes() {
    return out.toByteArray();
  }

  MemorySegment segment() {
    return MemorySegment.ofArray(bytes());
  }

  ModelBytes integer(int field, long value) {
    varint((long) field << 3);
    varint(value);
    return this;
  }

  ModelBytes bytes(int field, byte[] value) {
    varint((long) field << 3 | 2);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  ModelBytes text(int field, String value) {
    return bytes(field, value.getBytes(UTF_8));
  }

  ModelBytes message(int field, ModelBytes value) {
    return bytes(field, value.bytes());
  }

  ModelBytes number(int field, float value) {
    varint((long) field << 3 | 5);
    out.writeBytes(raw(value));
    return this;
  }

  /// Repeated floats, packed.
  ModelBytes numbers(int field, float... values) {
    return bytes(field, raw(values));
  }

  /// Repeated doubles, packed.
  ModelBytes numbers(int field, double... values) {
    byte[] b = new byte[8 * values.length];
    ByteBuffer.wrap(b).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(values);
    return bytes(field, b);
  }

  /// Repeated integers, packed.
  ModelBytes integers(int field, long... values) {
    ModelBytes packed = new ModelBytes();
    for (long v : values) {
      packed.varint(v);
    }
    return bytes(field, packed.bytes());
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  /// Floats as files hold them.
  static byte[] raw(float... values) {
    byte[] b = new byte[4 * values.length];
    ByteBuffer.wrap(b).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return b;
  }

  /// A model of the standard's operator set `opset`.
  static ModelBytes model(int opset, ModelBytes graph) {
    return new ModelBytes().integer(1, 8).message(7, graph).opset(8, "", opset);
  }

  /// An operator set, field 8 of a model and 9 of a function.
  ModelBytes opset(int field, String domain, int version) {
    return message(field, new ModelBytes().text(1, domain).integer(2, version));
  }

  static ModelBytes graph(String name) {
    return new ModelBytes().text(2, name);
  }

  /// Adds a node to a graph.
  ModelBytes add(ModelBytes node) {
    return message(1, node);
  }

  /// Adds a tensor to a graph.
  ModelBytes stored(ModelBytes tensor) {
    return message(5, tensor);
  }

  /// An input of a graph: sizes are numbers or names.
  ModelBytes input(String name, int type, String... dims) {
    return message(11, port(name, type, dims));
  }

  /// An output of a graph, of any type.
  ModelBytes output(String name) {
    return message(12, new ModelBytes().text(1, name));
  }

  /// An output of a graph, as an input.
  ModelBytes output(String name, int type, String... dims) {
    return message(12, port(name, type, dims));
  }

  private static ModelBytes port(String name, int type, String... dims) {
    ModelBytes shape = new ModelBytes();
    for (String d : dims) {
      ModelBytes dim = new ModelBytes();
      shape.message(1, d.matches("\\d+") ? dim.integer(1, Long.parseLong(d)) : dim.text(2, d));
    }
    ModelBytes tensor = new ModelBytes().integer(1, type).message(2, shape);
    return new ModelBytes().text(1, name).message(2, new ModelBytes().message(1, tensor));
  }

  /// A call of an operator; `inputs` and `outputs` are names between commas.
  static ModelBytes node(String operator, String inputs, String outputs, ModelBytes... attributes) {
    ModelBytes n = new ModelBytes();
    if (!inputs.isEmpty()) {
      List.of(inputs.split(",", -1)).forEach(name -> n.text(1, name));
    }
    List.of(outputs.split(",", -1)).forEach(name -> n.text(2, name));
    n.text(4, operator);
    for (ModelBytes a : attributes) {
      n.message(5, a);
    }
    return n;
  }

  /// Names a node.
  ModelBytes named(String name) {
    return text(3, name);
  }

  /// Puts a node's operator in a domain.
  ModelBytes domain(String domain) {
    return text(7, domain);
  }

  private static ModelBytes attribute(String name, int type) {
    return new ModelBytes().text(1, name).integer(20, type);
  }

  static ModelBytes with(String name, long value) {
    return attribute(name, 2).integer(3, value);
  }

  static ModelBytes with(String name, float value) {
    return attribute(name, 1).number(2, value);
  }

  static ModelBytes with(String name, String value) {
    return attribute(name, 3).text(4, value);
  }

  static ModelBytes with(String name, float[] values) {
    return attribute(name, 6).numbers(7, values);
  }

  static ModelBytes with(String name, long[] values) {
    return attribute(name, 7).integers(8, values);
  }

  static ModelBytes texts(String name, List<String> values) {
    ModelBytes a = attribute(name, 8);
    values.forEach(v -> a.text(9, v));
    return a;
  }

  static ModelBytes ofTensor(String name, ModelBytes tensor) {
    return attribute(name, 4).message(5, tensor);
  }

  static ModelBytes ofGraph(String name, ModelBytes graph) {
    return attribute(name, 5).message(6, graph);
  }

  /// An attribute that stands for attribute `function` of the function around.
  static ModelBytes reference(String name, int type, String function) {
    return attribute(name, type).text(21, function);
  }

  /// A tensor without data.
  static ModelBytes tensor(String name, int type, long... dims) {
    ModelBytes t = new ModelBytes().text(8, name).integer(2, type);
    return dims.length == 0 ? t : t.integers(1, dims);
  }

  /// A FLOAT tensor, raw.
  static ModelBytes floats(String name, long[] dims, float... values) {
    return tensor(name, 1, dims).bytes(9, raw(values));
  }

  /// An INT64 tensor, typed.
  static ModelBytes longs(String name, long[] dims, long... values) {
    return tensor(name, 7, dims).integers(7, values);
  }

  /// A FLOAT tensor whose data are in another file.
  static ModelBytes external(String name, long[] dims, Map<String, String> where) {
    ModelBytes t = tensor(name, 1, dims).integer(14, 1);
    where.forEach((key, value) -> t.message(13, new ModelBytes().text(1, key).text(2, value)));
    return t;
  }

  /// A function of a model, field 25 of it; `inputs`, `outputs` and `attributes` are names between
  /// commas.
  static ModelBytes function(
      String domain, String name, String inputs, String outputs, String attributes, int opset) {
    ModelBytes f = new ModelBytes().text(1, name).text(10, domain).opset(9, "", opset);
    List.of(inputs.split(",", -1)).forEach(n -> f.text(4, n));
    List.of(outputs.split(",", -1)).forEach(n -> f.text(5, n));
    if (!attributes.isEmpty()) {
      List.of(attributes.split(",", -1)).forEach(n -> f.text(6, n));
    }
    return f;
  }
}
