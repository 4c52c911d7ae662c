package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// The element types of ONNX (`TensorProto.DataType`). The engine has fewer: each type is carried
/// by one of the engine's that holds all its values, and [#narrow] brings results of arithmetic
/// back to them. A 64-bit unsigned number is carried by its bits.
enum ElementType {
  FLOAT(1, DType.F32, 32),
  UINT8(2, DType.U8, 8),
  INT8(3, DType.I8, 8),
  UINT16(4, DType.I32, 16),
  INT16(5, DType.I32, 16),
  INT32(6, DType.I32, 32),
  INT64(7, DType.I64, 64),
  BOOL(9, DType.BOOL, 8),
  FLOAT16(10, DType.F32, 16),
  DOUBLE(11, DType.F64, 64),
  UINT32(12, DType.I64, 32),
  UINT64(13, DType.I64, 64),
  BFLOAT16(16, DType.F32, 16),
  UINT4(21, DType.U8, 4),
  INT4(22, DType.I8, 4),
  FLOAT8E4M3FN(17, DType.F32, 8),
  FLOAT8E4M3FNUZ(18, DType.F32, 8),
  FLOAT8E5M2(19, DType.F32, 8),
  FLOAT8E5M2FNUZ(20, DType.F32, 8),
  FLOAT4E2M1(23, DType.F32, 4),
  FLOAT8E8M0(24, DType.F32, 8),
  UINT2(25, DType.U8, 2),
  INT2(26, DType.I8, 2);

  private final int code;
  private final DType carrier;
  private final int bits;

  ElementType(int code, DType carrier, int bits) {
    this.code = code;
    this.carrier = carrier;
    this.bits = bits;
  }

  /// The type with this number, if it is one of these.
  static Optional<ElementType> of(int code) {
    for (ElementType t : values()) {
      if (t.code == code) {
        return Optional.of(t);
      }
    }
    return Optional.empty();
  }

  /// The type that a tensor of the engine has by itself.
  static ElementType of(DType dtype) {
    return switch (dtype) {
      case F32 -> FLOAT;
      case F64 -> DOUBLE;
      case BF16 -> BFLOAT16;
      case F16 -> FLOAT16;
      case I8 -> INT8;
      case U8 -> UINT8;
      case I32 -> INT32;
      case I64 -> INT64;
      case BOOL -> BOOL;
    };
  }

  /// The number in files.
  int code() {
    return code;
  }

  /// The engine's type that holds it.
  DType carrier() {
    return carrier;
  }

  /// Bits of an element in a file.
  int bits() {
    return bits;
  }

  /// The format of a float of 4 or 8 bits with a sign.
  Optional<SmallFloat> small() {
    return switch (this) {
      case FLOAT8E4M3FN -> Optional.of(SmallFloat.E4M3FN);
      case FLOAT8E4M3FNUZ -> Optional.of(SmallFloat.E4M3FNUZ);
      case FLOAT8E5M2 -> Optional.of(SmallFloat.E5M2);
      case FLOAT8E5M2FNUZ -> Optional.of(SmallFloat.E5M2FNUZ);
      case FLOAT4E2M1 -> Optional.of(SmallFloat.E2M1);
      default -> Optional.empty();
    };
  }

  boolean isFloating() {
    return carrier.computes();
  }

  boolean isUnsigned() {
    return name().startsWith("UINT");
  }

  boolean isInteger() {
    return !isFloating() && this != BOOL;
  }

  /// True if [#narrow] never changes a thing.
  boolean isWhole() {
    return bits == 8 * carrier.bytes();
  }

  /// `t`, of the carrier's type, with each element rounded or wrapped into this type.
  Tensor narrow(Tensor t) {
    return switch (this) {
      case FLOAT16 -> t.to(DType.F16).to(DType.F32);
      case BFLOAT16 -> t.to(DType.BF16).to(DType.F32);
      case UINT16 -> t.and(constant(t, 0xffff));
      case UINT32 -> t.and(constant(t, 0xffff_ffffL));
      case INT16 -> {
        Tensor shift = constant(t, 16);
        yield t.shiftLeft(shift).shiftRight(shift);
      }
      case UINT4, UINT2 -> bitsOf(t);
      case INT4, INT2 -> bitsOf(t);
      case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT4E2M1 ->
          small().orElseThrow().round(t, true);
      case FLOAT8E8M0 -> SmallFloat.powers(t, "nearest", true);
      case FLOAT, UINT8, INT8, INT32, INT64, BOOL, DOUBLE, UINT64 -> t;
    };
  }

  private Tensor bitsOf(Tensor t) {
    Tensor wide = t.to(DType.I32);
    Tensor shift = constant(wide, 32 - bits);
    Tensor kept = wide.shiftLeft(shift).shiftRight(shift);
    return (isUnsigned() ? wide.and(constant(wide, (1 << bits) - 1)) : kept).to(carrier);
  }

  private static Tensor constant(Tensor like, long value) {
    return like.scope().full(like.dtype(), Shape.of(), (double) value);
  }
}
