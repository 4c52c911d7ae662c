package dev.gatun.op;

import dev.gatun.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One OpenCL kernel launch as plain data: what runs, on what, over how many work-items.
///
/// Sizes are arguments, never definitions: a program takes half a second to build, and shapes
/// change. What differs by element type, by formula or by tile is defined, so that there are few
/// programs.
///
/// @param source the program
/// @param defines lines `#define NAME VALUE` that come before it
/// @param options of the compiler
/// @param entry kernel function in it
/// @param arguments in the order of the function's parameters
/// @param global work-items along each axis; where one is 0 nothing is launched
/// @param local work-items of a group along each axis, which divide `global`
/// @param pointwise what it does to each element, where that is all it does: a device may then join
///   launches
public record Launch(
    ClSource source,
    List<String> defines,
    String options,
    String entry,
    List<Argument> arguments,
    List<Long> global,
    List<Long> local,
    Optional<Pointwise> pointwise) {
  /// Bytes between pieces of work memory.
  private static final long ALIGN = 128;

  /// A function of each of `n` elements: output 0 is `f(x, y, a, b)`, where `x` and `y` are inputs
  /// 0 and 1 (or twice input 0, if there is one only).
  ///
  /// @param functions what the body calls
  /// @param body of the function, OpenCL C on vectors `V`
  /// @param type of operands and result
  /// @param n elements
  /// @param each for each input, whether it has an element for each one of the result, or one for
  ///   all
  /// @param a an attribute
  /// @param b another one
  public record Pointwise(
      ClSource functions,
      String body,
      DType type,
      long n,
      List<Boolean> each,
      double a,
      double b) {}

  /// A parameter of the kernel function.
  public sealed interface Argument {}

  /// Input `i`: the parameters that the prelude's `IN` (or, written in place, `INOUT`) declares.
  public record In(int i) implements Argument {}

  /// Output `i`: the prelude's `OUT`.
  public record Out(int i) implements Argument {}

  /// Strides of input `i` in elements, a `long16`, the last axis first; 0 beyond the rank.
  public record Strides(int i) implements Argument {}

  /// Work memory from byte `offset` on; the same for all launches of a call. The kernel gets the
  /// offset in units of `unit` bytes, which is 1 or that of the elements of a prelude's `IN`.
  public record Scratch(long offset, long bytes, long unit) implements Argument {
    /// An offset in bytes.
    public Scratch(long offset, long bytes) {
      this(offset, bytes, 1);
    }
  }

  /// A `long`.
  public record Long1(long value) implements Argument {}

  /// A `long16`, zeros at its end.
  public record Long16(List<Long> values) implements Argument {}

  /// A number of the type of the program's `T`.
  public record Real(DType type, double value) implements Argument {}

  /// Memory of a work-group.
  public record Local(long bytes) implements Argument {}

  /// Where the kernel notes values that break `rule`, the prelude's `FAULTS`. The device throws
  /// [IllegalArgumentException] with the rule and the first such value when results are next read.
  public record Faults(String rule) implements Argument {}

  /// Starts a launch of `entry` in `source`.
  public static Builder of(ClSource source, String entry) {
    return new Builder(source, entry);
  }

  /// The name of `type` in OpenCL C, by which it lies in memory.
  public static String name(DType type) {
    return switch (type) {
      case F32 -> "float";
      case F64 -> "double";
      case BF16, F16 -> "ushort";
      case I8 -> "char";
      case U8, BOOL -> "uchar";
      case I32 -> "int";
      case I64 -> "long";
    };
  }

  /// The unsigned integer of OpenCL C with as many bits as `type`, to move elements by.
  public static String bits(DType type) {
    return switch (type.bytes()) {
      case 1 -> "uchar";
      case 2 -> "ushort";
      case 4 -> "uint";
      default -> "ulong";
    };
  }

  /// The least multiple of `step` that is not below `n`.
  public static long roundUp(long n, long step) {
    return Math.ceilDiv(n, step) * step;
  }

  /// Collects a launch part by part.
  public static final class Builder {
    private final ClSource source;
    private final String entry;
    private final List<String> defines = new ArrayList<>();
    private final List<Argument> arguments = new ArrayList<>();
    private String options = "";
    private Optional<Pointwise> pointwise = Optional.empty();

    private Builder(ClSource source, String entry) {
      this.source = source;
      this.entry = entry;
    }

    /// `#define name value`.
    public Builder define(String name, Object value) {
      defines.add("#define " + name + " " + value);
      return this;
    }

    /// Defines `T` as `type`, in which the program computes: literals are of that type.
    public Builder computes(DType type) {
      if (type == DType.F32) {
        options = "-cl-single-precision-constant";
      }
      define("IS_" + type, 1);
      return define("T", name(type));
    }

    /// Says that the launch does nothing but `p`.
    public Builder pointwise(Pointwise p) {
      pointwise = Optional.of(p);
      return this;
    }

    /// Adds an argument.
    public Builder with(Argument a) {
      arguments.add(a);
      return this;
    }

    /// Adds inputs.
    public Builder in(int... inputs) {
      Arrays.stream(inputs).forEach(i -> with(new In(i)));
      return this;
    }

    /// Adds outputs.
    public Builder out(int... outputs) {
      Arrays.stream(outputs).forEach(i -> with(new Out(i)));
      return this;
    }

    /// Adds longs.
    public Builder longs(long... values) {
      Arrays.stream(values).forEach(v -> with(new Long1(v)));
      return this;
    }

    /// Adds a `long16`.
    ///
    /// @throws IllegalArgumentException if there are more than 16 values
    public Builder long16(long... values) {
      if (values.length > 16) {
        throw new IllegalArgumentException(
            "Launch: OpenCL kernels take at most 16 axes; got " + values.length);
      }
      return with(new Long16(Arrays.stream(values).boxed().toList()));
    }

    /// Adds a number of type `T`.
    public Builder real(DType type, double value) {
      return with(new Real(type, value));
    }

    /// Adds a place to note values that break `rule`, such as `Gather[axis=0]: indices must lie in
    /// [0, 5)`.
    public Builder checks(String rule) {
      return with(new Faults(rule));
    }

    /// Adds work memory behind the pieces that this launch has; the same pieces in the same order
    /// are the same memory in every launch of a call.
    public Builder scratch(long bytes) {
      long offset = 0;
      for (Argument a : arguments) {
        if (a instanceof Scratch s) {
          offset = Math.max(offset, roundUp(s.offset() + s.bytes(), ALIGN));
        }
      }
      return with(new Scratch(offset, bytes));
    }

    /// Ends with work-items along one axis, in groups of `local`; `global` is rounded up, and the
    /// kernel leaves what is beyond.
    public Launch over(long global, long local) {
      return end(List.of(roundUp(global, local)), List.of(local));
    }

    /// Ends with work-items along two axes.
    public Launch over(long global0, long global1, long local0, long local1) {
      return end(
          List.of(roundUp(global0, local0), roundUp(global1, local1)), List.of(local0, local1));
    }

    /// Ends with work-items along three axes, in groups along the first.
    public Launch over3(long global0, long global1, long global2, long local0) {
      return end(List.of(roundUp(global0, local0), global1, global2), List.of(local0, 1L, 1L));
    }

    /// Ends with work-items along three axes, in groups along the first two.
    public Launch over3(long global0, long global1, long global2, long local0, long local1) {
      return end(
          List.of(roundUp(global0, local0), roundUp(global1, local1), global2),
          List.of(local0, local1, 1L));
    }

    private Launch end(List<Long> global, List<Long> local) {
      return new Launch(
          source,
          List.copyOf(defines),
          options,
          entry,
          List.copyOf(arguments),
          global,
          local,
          pointwise);
    }
  }
}
