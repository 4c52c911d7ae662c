package dev.gatun.io.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The attributes of a node by name: `Long`, `Double`, `String`, `long[]`, `double[]`,
/// `List<String>`, [Stored] or [Graph].
///
/// All methods throw [IllegalArgumentException] if the attribute has another type than asked for,
/// and those without a default if it is missing.
record Attributes(Map<String, Object> values) {
  static final Attributes NONE = new Attributes(Map.of());

  boolean has(String name) {
    return values.containsKey(name);
  }

  long integer(String name, long otherwise) {
    return find(name, Long.class).orElse(otherwise);
  }

  long integer(String name) {
    return required(name, Long.class);
  }

  /// An integer attribute as a truth value.
  boolean flag(String name, boolean otherwise) {
    return integer(name, otherwise ? 1 : 0) != 0;
  }

  double number(String name, double otherwise) {
    return find(name, Double.class).orElse(otherwise);
  }

  double number(String name) {
    return required(name, Double.class);
  }

  String text(String name, String otherwise) {
    return find(name, String.class).orElse(otherwise);
  }

  String text(String name) {
    return required(name, String.class);
  }

  Optional<long[]> integers(String name) {
    return find(name, long[].class);
  }

  Optional<double[]> numbers(String name) {
    return find(name, double[].class);
  }

  @SuppressWarnings("unchecked") // GraphReader stores no other lists
  List<String> texts(String name) {
    return (List<String>) find(name, List.class).orElse(List.of());
  }

  Optional<Stored> stored(String name) {
    return find(name, Stored.class);
  }

  Graph graph(String name) {
    return required(name, Graph.class);
  }

  private <T> T required(String name, Class<T> type) {
    return find(name, type)
        .orElseThrow(() ->
            new IllegalArgumentException("attribute " + name + " must be given; it is missing"));
  }

  private <T> Optional<T> find(String name, Class<T> type) {
    Object v = values.get(name);
    if (v == null) {
      return Optional.empty();
    }
    if (!type.isInstance(v)) {
      throw new IllegalArgumentException(
          "attribute %s must be %s; got %s"
              .formatted(name, type.getSimpleName(), v.getClass().getSimpleName()));
    }
    return Optional.of(type.cast(v));
  }
}
