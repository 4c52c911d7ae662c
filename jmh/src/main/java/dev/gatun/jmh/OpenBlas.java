package dev.gatun.jmh;

import dev.gatun.bindings.NativeTypes;
import dev.gatun.bindings.cblas.Cblas;
import dev.gatun.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// OpenBLAS from Maven Central's `org.bytedeco:openblas`, called through FFM. Row-major, no operand
/// transposed, `y = a b`.
@SuppressWarnings("restricted")
final class OpenBlas {
  /// Where [Cblas] looks for the library.
  private static final String LIBRARY = "gatun.cblas.library";

  private static final String FOLDER = "/org/bytedeco/openblas/linux-x86_64/";
  private static final List<String> LIBRARIES =
      List.of("libopenblas.so.0", "libgfortran.so.5", "libquadmath.so.0", "libgcc_s.so.1");

  private final DType dtype;
  private final MethodHandle gemv;
  private final String core;

  private OpenBlas(DType dtype, SymbolLookup library) {
    this.dtype = dtype;
    String prefix = dtype == DType.F32 ? "cblas_s" : "cblas_d";
    ValueLayout real = dtype == DType.F32 ? NativeTypes.C_FLOAT : NativeTypes.C_DOUBLE;
    gemv = handle(library, prefix + "gemv", "iiii.pipi.pi", real);
    core = core(library);
  }

  /// Loads the library with `threads` threads.
  ///
  /// @throws IllegalStateException where there is no build of it for this platform
  static OpenBlas open(DType dtype, int threads) {
    if (System.getProperty(LIBRARY) == null) {
      unset("OPENBLAS_CORETYPE");
      unset("OPENBLAS_L2_SIZE");
      System.setProperty(LIBRARY, extract().toString());
    }
    Cblas.openblas_set_num_threads(threads);
    Path file = Path.of(System.getProperty(LIBRARY));
    return new OpenBlas(dtype, SymbolLookup.libraryLookup(file, Arena.global()));
  }

  /// The build and the kernels it chose for this machine.
  String describe() {
    return Cblas.openblas_get_config().reinterpret(1024).getString(0)
        + ", kernels "
        + core
        + ", threads "
        + Cblas.openblas_get_num_threads();
  }

  /// One product `[m, k] [k, n]`.
  void gemm(int m, int k, int n, MemorySegment a, MemorySegment b, MemorySegment y) {
    int row = Cblas.CblasRowMajor();
    int plain = Cblas.CblasNoTrans();
    if (dtype == DType.F32) {
      Cblas.cblas_sgemm(row, plain, plain, m, n, k, 1, a, k, b, n, 0, y, n);
    } else {
      Cblas.cblas_dgemm(row, plain, plain, m, n, k, 1, a, k, b, n, 0, y, n);
    }
  }

  /// `batch` products on operands that follow each other, one call each: this build's
  /// `gemm_batch_strided` jumps to address 0x150 on a Zen 3.
  void gemm(int batch, int m, int k, int n, MemorySegment a, MemorySegment b, MemorySegment y) {
    long bytes = dtype.bytes();
    for (long i = 0; i < batch; i++) {
      gemm(
          m,
          k,
          n,
          a.asSlice(i * m * k * bytes),
          b.asSlice(i * k * n * bytes),
          y.asSlice(i * m * n * bytes));
    }
  }

  /// Matrix `[m, k]` times vector `[k]`.
  void gemv(int m, int k, MemorySegment a, MemorySegment x, MemorySegment y) {
    int row = Cblas.CblasRowMajor();
    int plain = Cblas.CblasNoTrans();
    try {
      if (dtype == DType.F32) {
        gemv.invokeExact(row, plain, m, k, 1f, a, k, x, 1, 0f, y, 1);
      } else {
        gemv.invokeExact(row, plain, m, k, 1d, a, k, x, 1, 0d, y, 1);
      }
    } catch (Throwable t) {
      throw new LinkageError("gemv", t);
    }
  }

  /// A void function: `i` is an int, `p` a pointer, `.` a `real`.
  private static MethodHandle handle(
      SymbolLookup library, String name, String arguments, ValueLayout real) {
    MemoryLayout[] layouts =
        arguments
            .chars()
            .mapToObj(c -> c == 'i' ? NativeTypes.C_INT : c == 'p' ? NativeTypes.C_POINTER : real)
            .toArray(MemoryLayout[]::new);
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.ofVoid(layouts));
  }

  private static String core(SymbolLookup library) {
    try {
      MethodHandle h =
          Linker.nativeLinker()
              .downcallHandle(
                  library.findOrThrow("openblas_get_corename"),
                  FunctionDescriptor.of(NativeTypes.C_POINTER));
      return ((MemorySegment) h.invokeExact()).reinterpret(64).getString(0);
    } catch (Throwable t) {
      throw new LinkageError("openblas_get_corename", t);
    }
  }

  /// These settings of the machine's owner replace OpenBLAS's own choice and slow it down; it reads
  /// them when it is loaded.
  private static void unset(String variable) {
    try (Arena arena = Arena.ofConfined()) {
      Linker linker = Linker.nativeLinker();
      MethodHandle h =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("unsetenv"),
              FunctionDescriptor.of(NativeTypes.C_INT, NativeTypes.C_POINTER));
      int status = (int) h.invokeExact(arena.allocateFrom(variable));
      if (status != 0) {
        throw new IllegalStateException("unsetenv " + variable);
      }
    } catch (Throwable t) {
      throw new LinkageError("unsetenv", t);
    }
  }

  private static Path extract() {
    try {
      Path folder = Files.createTempDirectory("gatun-openblas");
      // Deleted in reverse order, so the folder comes last.
      folder.toFile().deleteOnExit();
      for (String name : LIBRARIES) {
        Path file = folder.resolve(name);
        file.toFile().deleteOnExit();
        try (InputStream in = OpenBlas.class.getResourceAsStream(FOLDER + name)) {
          if (in == null) {
            throw new IllegalStateException("OpenBLAS: the class path must hold " + FOLDER + name);
          }
          Files.copy(in, file);
        }
      }
      return folder.resolve(LIBRARIES.getFirst());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
