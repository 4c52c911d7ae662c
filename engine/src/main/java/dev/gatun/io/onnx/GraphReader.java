package dev.gatun.io.onnx;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/// Reads the messages of an ONNX file (`onnx.proto` of the standard) into a [Model].
final class GraphReader {
  /// Graphs inside of graphs.
  private static final int DEEPEST = 32;

  private final String where;
  private final StoredReader tensors;

  GraphReader(String where, StoredReader tensors) {
    this.where = where;
    this.tensors = tensors;
  }

  /// What a file holds.
  ///
  /// @param opsets version by domain, "" being the standard's own
  record Model(
      Graph graph,
      Map<String, Integer> opsets,
      List<Graph.Function> functions,
      Map<String, String> metadata,
      String producer) {}

  Model model(MemorySegment file) throws IOException {
    Protobuf p = new Protobuf(file, where);
    Optional<Graph> graph = Optional.empty();
    Map<String, Integer> opsets = new LinkedHashMap<>();
    List<Graph.Function> functions = new ArrayList<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    String producer = "";
    while (p.next()) {
      switch (p.field()) {
        case 2 -> producer = p.text();
        case 7 -> graph = Optional.of(graph(p.message(), 0));
        case 8 -> opset(p.message(), opsets);
        case 14 -> tensors.entry(p.message(), metadata);
        case 25 -> functions.add(function(p.message()));
        default -> {}
      }
    }
    if (graph.isEmpty() || opsets.isEmpty()) {
      throw new IOException(
          where
              + ": an ONNX model must have a graph and operator sets; got neither or one of them");
    }
    return new Model(graph.get(), opsets, functions, metadata, producer);
  }

  private static void opset(Protobuf p, Map<String, Integer> into) throws IOException {
    String domain = "";
    int version = 1;
    while (p.next()) {
      switch (p.field()) {
        case 1 -> domain = standard(p.text());
        case 2 -> version = p.small();
        default -> {}
      }
    }
    into.put(domain, version);
  }

  /// The two spellings of the standard's own domain as one.
  private static String standard(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }

  private Graph graph(Protobuf p, int depth) throws IOException {
    if (depth > DEEPEST) {
      throw p.bad("graphs must lie in each other at most %d deep".formatted(DEEPEST), "more");
    }
    String name = "";
    List<Graph.Node> nodes = new ArrayList<>();
    Map<String, Stored> stored = new LinkedHashMap<>();
    List<Graph.Port> inputs = new ArrayList<>();
    List<Graph.Port> outputs = new ArrayList<>();
    while (p.next()) {
      switch (p.field()) {
        case 1 -> nodes.add(node(p.message(), depth));
        case 2 -> name = p.text();
        case 5 -> {
          Stored s = tensors.read(p.message());
          stored.put(s.name(), s);
        }
        case 11 -> inputs.add(port(p.message()));
        case 12 -> outputs.add(port(p.message()));
        case 15 -> throw p.bad("initializers must be dense", "a sparse one");
        default -> {}
      }
    }
    return new Graph(name, nodes, stored, inputs, outputs);
  }

  private Graph.Node node(Protobuf p, int depth) throws IOException {
    String name = "";
    String operator = "";
    String domain = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, Object> attributes = new LinkedHashMap<>();
    while (p.next()) {
      switch (p.field()) {
        case 1 -> inputs.add(p.text());
        case 2 -> outputs.add(p.text());
        case 3 -> name = p.text();
        case 4 -> operator = p.text();
        case 5 -> attribute(p.message(), attributes, depth);
        case 7 -> domain = standard(p.text());
        default -> {}
      }
    }
    return new Graph.Node(name, operator, domain, 0, inputs, outputs, new Attributes(attributes));
  }

  /// An attribute of a function's node that stands for one of the function's own.
  record Reference(String name) {}

  private void attribute(Protobuf p, Map<String, Object> into, int depth) throws IOException {
    String name = "";
    int type = 0;
    // The value by the number of its type; files before version 2 of the format give no type.
    Map<Integer, Object> values = new LinkedHashMap<>();
    LongStream.Builder integers = LongStream.builder();
    DoubleStream.Builder numbers = DoubleStream.builder();
    List<String> texts = new ArrayList<>();
    while (p.next()) {
      switch (p.field()) {
        case 1 -> name = p.text();
        case 2 -> values.put(1, (double) p.number());
        case 3 -> values.put(2, p.integer());
        case 4 -> values.put(3, p.text());
        case 5 -> values.put(4, tensors.read(p.message()));
        case 6 -> values.put(5, graph(p.message(), depth + 1));
        case 7 -> p.floats(numbers);
        case 8 -> p.integers(integers);
        case 9 -> texts.add(p.text());
        case 20 -> type = p.small();
        case 21 -> values.put(0, new Reference(p.text()));
        default -> {}
      }
    }
    values.put(6, numbers.build().toArray());
    values.put(7, integers.build().toArray());
    values.put(8, texts);
    into.put(name, values.containsKey(0) ? values.get(0) : valueOf(type, values));
  }

  /// A number or text that was left out is its type's zero. Files of the first version name no
  /// type: what they give says it.
  private static Object valueOf(int type, Map<Integer, Object> values) {
    return switch (type) {
      case 0 ->
          values.values().stream()
              .filter(v -> !isEmpty(v))
              .findFirst()
              .orElse(Unsupported.ATTRIBUTE);
      case 1 -> values.getOrDefault(type, 0.0);
      case 2 -> values.getOrDefault(type, 0L);
      case 3 -> values.getOrDefault(type, "");
      default -> values.getOrDefault(type, Unsupported.ATTRIBUTE);
    };
  }

  private static boolean isEmpty(Object v) {
    return v instanceof double[] d && d.length == 0
        || v instanceof long[] l && l.length == 0
        || v instanceof List<?> t && t.isEmpty();
  }

  /// Stands for an attribute that no operator reads (lists of tensors, types, sparse tensors).
  private enum Unsupported {
    ATTRIBUTE
  }

  private Graph.Function function(Protobuf p) throws IOException {
    String name = "";
    String domain = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Map<String, Object> defaults = new LinkedHashMap<>();
    List<Graph.Node> nodes = new ArrayList<>();
    Map<String, Integer> opsets = new LinkedHashMap<>();
    while (p.next()) {
      switch (p.field()) {
        case 1 -> name = p.text();
        case 4 -> inputs.add(p.text());
        case 5 -> outputs.add(p.text());
        case 6 -> names.add(p.text());
        case 7 -> nodes.add(node(p.message(), 0));
        case 9 -> opset(p.message(), opsets);
        case 10 -> domain = standard(p.text());
        case 11 -> attribute(p.message(), defaults, 0);
        default -> {}
      }
    }
    return new Graph.Function(name, domain, inputs, outputs, names, defaults, nodes, opsets);
  }

  private static Graph.Port port(Protobuf p) throws IOException {
    String name = "";
    Optional<ElementType> type = Optional.empty();
    Optional<List<String>> dims = Optional.empty();
    while (p.next()) {
      if (p.field() == 1) {
        name = p.text();
      } else if (p.field() == 2) {
        Protobuf kind = p.message();
        while (kind.next()) {
          if (kind.field() == 1) {
            Protobuf tensor = kind.message();
            while (tensor.next()) {
              switch (tensor.field()) {
                case 1 -> type = ElementType.of(tensor.small());
                case 2 -> dims = Optional.of(dims(tensor.message()));
                default -> {}
              }
            }
          }
        }
      }
    }
    return new Graph.Port(name, type, dims);
  }

  private static List<String> dims(Protobuf p) throws IOException {
    List<String> dims = new ArrayList<>();
    while (p.next()) {
      if (p.field() == 1) {
        Protobuf dim = p.message();
        OptionalLong size = OptionalLong.empty();
        String text = "?";
        while (dim.next()) {
          switch (dim.field()) {
            case 1 -> size = OptionalLong.of(dim.integer());
            case 2 -> text = dim.text();
            default -> {}
          }
        }
        dims.add(size.isPresent() ? Long.toString(size.getAsLong()) : text);
      }
    }
    return dims;
  }
}
