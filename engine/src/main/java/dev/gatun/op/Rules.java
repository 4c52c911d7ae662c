package dev.gatun.op;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The checks that ops share, in the one form of their messages: `Op[attributes]: rule in words;
/// got name type shape, ...`.
public final class Rules {
  private Rules() {}

  /// Checks one rule.
  ///
  /// @throws IllegalArgumentException unless `holds`; operands are named by `names`, separated by
  ///   spaces, and by number beyond those
  public static void require(boolean holds, Op op, String rule, String names, List<Spec> in) {
    if (!holds) {
      throw broken(op, rule, names, in);
    }
  }

  /// The exception for a broken rule.
  public static IllegalArgumentException broken(Op op, String rule, String names, List<Spec> in) {
    List<String> name = names.isEmpty() ? List.of() : List.of(names.split(" ", -1));
    String got =
        IntStream.range(0, in.size())
            .mapToObj(i -> (i < name.size() ? name.get(i) : "input " + i) + " " + in.get(i))
            .collect(Collectors.joining(", "));
    return new IllegalArgumentException(
        name(op) + ": " + rule + "; got " + (got.isEmpty() ? "none" : got));
  }

  /// The op as messages name it: its record, after the name of the op whose gradient it is.
  public static String name(Op op) {
    Class<?> outer = op.getClass().getEnclosingClass();
    return outer == null ? op.toString() : outer.getSimpleName() + "." + op;
  }

  /// Checks the number of inputs.
  ///
  /// @throws IllegalArgumentException unless there are `count` inputs
  public static void count(int count, Op op, String names, List<Spec> in) {
    if (in.size() != count) {
      String rule = count == 1 ? "there must be 1 input" : "there must be " + count + " inputs";
      throw broken(op, rule, names, in);
    }
  }

  /// Checks that inputs are of one computing type.
  ///
  /// @throws IllegalArgumentException unless all inputs have one type, F32 or F64
  public static void computing(Op op, String names, List<Spec> in) {
    DType first = in.isEmpty() ? DType.BOOL : in.get(0).dtype();
    boolean holds = first.computes();
    for (Spec s : in) {
      holds &= s.dtype() == first;
    }
    require(holds, op, "dtypes must agree and be F32 or F64", names, in);
  }
}
