package dev.gatun.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Programs of a device, built once: in memory by what they are made of, and as files of the
/// driver's binaries behind their hash for the next process. A file that is damaged or does not
/// build is built anew; a folder that cannot be written is done without, which is said once. Not
/// safe for threads.
final class ClPrograms {
  /// Bytes of a hash.
  private static final int HASH = 32;

  private final MemorySegment context;
  private final Found device;
  private final Optional<Path> folder;
  private boolean saidNotKept;
  private final Map<Program, MemorySegment> programs = new HashMap<>();
  private final Map<Entry, MemorySegment> kernels = new HashMap<>();

  private record Program(ClSource source, List<String> defines, String options) {}

  private record Entry(Program program, String name) {}

  ClPrograms(MemorySegment context, Found device, Optional<Path> folder) {
    this.context = context;
    this.device = device;
    this.folder = folder;
  }

  /// The kernel of `launch`.
  ///
  /// @throws ClException with the compiler's log if it does not build
  MemorySegment kernel(Launch launch) {
    Program p = new Program(launch.source(), launch.defines(), launch.options());
    Entry e = new Entry(p, launch.entry());
    MemorySegment kernel = kernels.get(e);
    if (kernel == null) {
      MemorySegment program = programs.get(p);
      if (program == null) {
        program = build(p);
        programs.put(p, program);
      }
      MemorySegment built = program;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment name = arena.allocateFrom(e.name());
        kernel = Native.create("clCreateKernel", s -> CL.clCreateKernel(built, name, s));
      }
      kernels.put(e, kernel);
    }
    return kernel;
  }

  /// Programs built or loaded so far.
  int count() {
    return programs.size();
  }

  private MemorySegment build(Program p) {
    String text = String.join("\n", p.defines()) + "\n" + p.source().text();
    String options = ("-cl-std=CL1.2 " + p.options()).strip();
    Optional<Path> file = folder.map(f -> f.resolve(key(text, options) + ".bin"));
    if (file.isPresent()) {
      Optional<MemorySegment> loaded = load(file.get(), options);
      if (loaded.isPresent()) {
        return loaded.get();
      }
    }
    MemorySegment program;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment strings = arena.allocateFrom(ADDRESS, arena.allocateFrom(text));
      program =
          Native.create(
              "clCreateProgramWithSource",
              s -> CL.clCreateProgramWithSource(context, 1, strings, MemorySegment.NULL, s));
    }
    int status = build(program, options);
    if (status != 0) {
      String log =
          Native.text(
              "clGetProgramBuildInfo",
              CL.CL_PROGRAM_BUILD_LOG(),
              (n, size, v, ret) -> CL.clGetProgramBuildInfo(program, device.id(), n, size, v, ret));
      CL.clReleaseProgram(program);
      throw new ClException("clBuildProgram", status, p.source().name() + ":\n" + log);
    }
    file.ifPresent(f -> store(program, f));
    return program;
  }

  private int build(MemorySegment program, String options) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment devices = arena.allocateFrom(ADDRESS, device.id());
      return CL.clBuildProgram(
          program, 1, devices, arena.allocateFrom(options), MemorySegment.NULL, MemorySegment.NULL);
    }
  }

  private String key(String text, String options) {
    String all =
        String.join("\0", text, options, device.platform(), device.name(), device.version());
    return HexFormat.of().formatHex(hash(all.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] hash(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  private Optional<MemorySegment> load(Path file, String options) {
    byte[] kept;
    try {
      kept = Files.readAllBytes(file);
    } catch (IOException notThere) {
      return Optional.empty();
    }
    // Drivers need not survive a damaged binary.
    byte[] binary = Arrays.copyOfRange(kept, Math.min(HASH, kept.length), kept.length);
    if (!Arrays.equals(hash(binary), Arrays.copyOf(kept, HASH))) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(Math.max(1, binary.length));
      MemorySegment.copy(binary, 0, data, JAVA_BYTE, 0, binary.length);
      MemorySegment status = arena.allocate(JAVA_INT);
      MemorySegment error = arena.allocate(JAVA_INT);
      MemorySegment program =
          CL.clCreateProgramWithBinary(
              context,
              1,
              arena.allocateFrom(ADDRESS, device.id()),
              arena.allocateFrom(JAVA_LONG, binary.length),
              arena.allocateFrom(ADDRESS, data),
              status,
              error);
      if (error.get(JAVA_INT, 0) != 0) {
        return Optional.empty();
      }
      if (build(program, options) != 0) {
        CL.clReleaseProgram(program);
        return Optional.empty();
      }
      return Optional.of(program);
    }
  }

  /// Writes beside the file and moves: another process sees all of it or nothing.
  private void store(MemorySegment program, Path file) {
    try (Arena arena = Arena.ofConfined()) {
      Native.Query q = (n, size, v, ret) -> CL.clGetProgramInfo(program, n, size, v, ret);
      long size =
          Native.bytes(arena, "clGetProgramInfo", CL.CL_PROGRAM_BINARY_SIZES(), q)
              .get(JAVA_LONG, 0);
      MemorySegment data = arena.allocate(Math.max(1, size));
      MemorySegment pointers = arena.allocateFrom(ADDRESS, data);
      Native.check(
          q.get(CL.CL_PROGRAM_BINARIES(), ADDRESS.byteSize(), pointers, MemorySegment.NULL),
          "clGetProgramInfo");
      Path folder = file.toAbsolutePath().getParent();
      if (size == 0 || folder == null) {
        return;
      }
      Files.createDirectories(folder);
      Path part = Files.createTempFile(folder, "program", ".part");
      try {
        byte[] binary = data.asSlice(0, size).toArray(JAVA_BYTE);
        Files.write(part, hash(binary));
        Files.write(part, binary, StandardOpenOption.APPEND);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException | ClException e) {
      // The program is there; the next process builds it again.
      if (!saidNotKept) {
        saidNotKept = true;
        System.err.println("gatun: built OpenCL programs are not kept: " + e);
      }
    }
  }

  void close() {
    kernels.values().forEach(k -> Native.check(CL.clReleaseKernel(k), "clReleaseKernel"));
    programs.values().forEach(p -> Native.check(CL.clReleaseProgram(p), "clReleaseProgram"));
    kernels.clear();
    programs.clear();
  }
}
