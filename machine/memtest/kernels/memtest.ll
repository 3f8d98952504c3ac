; The kernels of the memory test, in LLVM IR. `go generate` compiles this text to the PTX beside it, which
; is what kelvin-gpu carries; the tests compile the same text for the CPU, with the index intrinsics and
; address spaces rewritten, and run it behind a fake libcuda.so.1. It parses with LLVM 14 and later.
;
; Memory is seen as words of 16 bytes. A thread of the grid has the words k, k + step, k + 2 step, …, where
; step is the number of threads, four at a time as long as there are four; `down` turns the order round.
target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.smid()
@mt_shared_memory = external addrspace(3) global [0 x i32], align 16

; pattern is what word i holds. Mode 0: the seed, twice. Mode 1: a hash of i, another for each i (its
; lowest lane is the low half of i ^ seed). Mode 2: as 0, complemented in every other word. inv, 0 or -1,
; complements it all.
define internal <4 x i32> @pattern(i64 %i, i64 %seed, i32 %mode, i32 %inv) alwaysinline {
  %slo = trunc i64 %seed to i32
  %sh  = lshr i64 %seed, 32
  %shi = trunc i64 %sh to i32
  %c0 = insertelement <4 x i32> undef, i32 %slo, i32 0
  %c1 = insertelement <4 x i32> %c0, i32 %shi, i32 1
  %c2 = insertelement <4 x i32> %c1, i32 %slo, i32 2
  %c3 = insertelement <4 x i32> %c2, i32 %shi, i32 3
  %lo = trunc i64 %i to i32
  %ih = lshr i64 %i, 32
  %hi = trunc i64 %ih to i32
  %a0 = xor i32 %lo, %slo
  %h0 = lshr i32 %a0, 16
  %h1 = xor i32 %a0, %h0
  %h2 = mul i32 %h1, -2048144789
  %h3 = lshr i32 %h2, 13
  %h4 = xor i32 %h2, %h3
  %h5 = mul i32 %h4, -1028477387
  %h6 = lshr i32 %h5, 16
  %h7 = xor i32 %h5, %h6
  %b  = xor i32 %hi, %shi
  %l2 = xor i32 %h7, %b
  %l3 = xor i32 %h4, %a0
  %p0 = insertelement <4 x i32> undef, i32 %a0, i32 0
  %p1 = insertelement <4 x i32> %p0, i32 %h7, i32 1
  %p2 = insertelement <4 x i32> %p1, i32 %l2, i32 2
  %p3 = insertelement <4 x i32> %p2, i32 %l3, i32 3
  %hash = icmp eq i32 %mode, 1
  %v = select i1 %hash, <4 x i32> %p3, <4 x i32> %c3
  %odd = and i32 %lo, 1
  %every = sub i32 0, %odd
  %board = icmp eq i32 %mode, 2
  %other = select i1 %board, i32 %every, i32 0
  %flip = xor i32 %inv, %other
  %m0 = insertelement <4 x i32> undef, i32 %flip, i32 0
  %m = shufflevector <4 x i32> %m0, <4 x i32> undef, <4 x i32> zeroinitializer
  %r = xor <4 x i32> %v, %m
  ret <4 x i32> %r
}

; verify counts a word g at p that should be v, and records it with a second reading if there is room.
; rec: how many words were wrong, then for each of the first 64 of them five u64: index, what differs in the
; lower and the upper half, what differs in both when the word is read again.
define internal void @verify(<4 x i32> addrspace(1)* %p, <4 x i32> %g, <4 x i32> %v, i64 %gi, i64 addrspace(1)* %rec) alwaysinline {
  %x = xor <4 x i32> %g, %v
  %xb = bitcast <4 x i32> %x to <2 x i64>
  %x0 = extractelement <2 x i64> %xb, i32 0
  %x1 = extractelement <2 x i64> %xb, i32 1
  %or = or i64 %x0, %x1
  %bad = icmp ne i64 %or, 0
  br i1 %bad, label %wrong, label %ok
wrong:
  %old = atomicrmw add i64 addrspace(1)* %rec, i64 1 monotonic
  %room = icmp ult i64 %old, 64
  br i1 %room, label %save, label %ok
save:
  %g2 = load volatile <4 x i32>, <4 x i32> addrspace(1)* %p, align 16
  %y = xor <4 x i32> %g2, %v
  %yb = bitcast <4 x i32> %y to <2 x i64>
  %y0 = extractelement <2 x i64> %yb, i32 0
  %y1 = extractelement <2 x i64> %yb, i32 1
  %ri = mul i64 %old, 5
  %r1 = add i64 %ri, 1
  %q0 = getelementptr i64, i64 addrspace(1)* %rec, i64 %r1
  store i64 %gi, i64 addrspace(1)* %q0, align 8
  %q1 = getelementptr i64, i64 addrspace(1)* %q0, i64 1
  store i64 %x0, i64 addrspace(1)* %q1, align 8
  %q2 = getelementptr i64, i64 addrspace(1)* %q0, i64 2
  store i64 %x1, i64 addrspace(1)* %q2, align 8
  %q3 = getelementptr i64, i64 addrspace(1)* %q0, i64 3
  store i64 %y0, i64 addrspace(1)* %q3, align 8
  %q4 = getelementptr i64, i64 addrspace(1)* %q0, i64 4
  store i64 %y1, i64 addrspace(1)* %q4, align 8
  br label %ok
ok:
  ret void
}

; mt_fill(base, n, first, seed, mode, inv, down) writes the pattern to n words, the first of which has index first.
define void @mt_fill(<4 x i32> addrspace(1)* %base, i64 %n, i64 %first, i64 %seed, i32 %mode, i32 %inv, i32 %down) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %nt = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %nb = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %t64 = zext i32 %t to i64
  %b64 = zext i32 %b to i64
  %nt64 = zext i32 %nt to i64
  %nb64 = zext i32 %nb to i64
  %o = mul i64 %b64, %nt64
  %k0 = add i64 %o, %t64
  %step = mul i64 %nb64, %nt64
  %step2 = shl i64 %step, 1
  %step3 = add i64 %step2, %step
  %step4 = shl i64 %step, 2
  %up = icmp eq i32 %down, 0
  %turn = select i1 %up, i64 0, i64 -1
  %from = select i1 %up, i64 0, i64 %n
  %last0 = add i64 %k0, %step3
  %many = icmp ult i64 %last0, %n
  br i1 %many, label %four, label %few
four:
  %k = phi i64 [ %k0, %entry ], [ %kn, %four ]
  %ka = add i64 %k, %step
  %kb = add i64 %k, %step2
  %kc = add i64 %k, %step3
  %i0 = xor i64 %k, %turn
  %j0 = add i64 %i0, %from
  %p0 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j0
  %i1 = xor i64 %ka, %turn
  %j1 = add i64 %i1, %from
  %p1 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j1
  %i2 = xor i64 %kb, %turn
  %j2 = add i64 %i2, %from
  %p2 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j2
  %i3 = xor i64 %kc, %turn
  %j3 = add i64 %i3, %from
  %p3 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j3
  %x0 = add i64 %j0, %first
  %v0 = call <4 x i32> @pattern(i64 %x0, i64 %seed, i32 %mode, i32 %inv)
  store <4 x i32> %v0, <4 x i32> addrspace(1)* %p0, align 16
  %x1 = add i64 %j1, %first
  %v1 = call <4 x i32> @pattern(i64 %x1, i64 %seed, i32 %mode, i32 %inv)
  store <4 x i32> %v1, <4 x i32> addrspace(1)* %p1, align 16
  %x2 = add i64 %j2, %first
  %v2 = call <4 x i32> @pattern(i64 %x2, i64 %seed, i32 %mode, i32 %inv)
  store <4 x i32> %v2, <4 x i32> addrspace(1)* %p2, align 16
  %x3 = add i64 %j3, %first
  %v3 = call <4 x i32> @pattern(i64 %x3, i64 %seed, i32 %mode, i32 %inv)
  store <4 x i32> %v3, <4 x i32> addrspace(1)* %p3, align 16
  %kn = add i64 %k, %step4
  %lastn = add i64 %kn, %step3
  %more = icmp ult i64 %lastn, %n
  br i1 %more, label %four, label %few
few:
  %r0 = phi i64 [ %k0, %entry ], [ %kn, %four ]
  %some = icmp ult i64 %r0, %n
  br i1 %some, label %one, label %done
one:
  %r = phi i64 [ %r0, %few ], [ %rn, %one ]
  %i9 = xor i64 %r, %turn
  %j9 = add i64 %i9, %from
  %p9 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j9
  %x9 = add i64 %j9, %first
  %v9 = call <4 x i32> @pattern(i64 %x9, i64 %seed, i32 %mode, i32 %inv)
  store <4 x i32> %v9, <4 x i32> addrspace(1)* %p9, align 16
  %rn = add i64 %r, %step
  %again = icmp ult i64 %rn, %n
  br i1 %again, label %one, label %done
done:
  ret void
}

; mt_check(base, n, first, seed, mode, inv, down, rewrite, rec) verifies it, and with rewrite stores the
; complement in the same pass. Four words are read before the first of them is looked at.
define void @mt_check(<4 x i32> addrspace(1)* %base, i64 %n, i64 %first, i64 %seed, i32 %mode, i32 %inv, i32 %down, i32 %rw, i64 addrspace(1)* %rec) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %nt = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %nb = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %t64 = zext i32 %t to i64
  %b64 = zext i32 %b to i64
  %nt64 = zext i32 %nt to i64
  %nb64 = zext i32 %nb to i64
  %o = mul i64 %b64, %nt64
  %k0 = add i64 %o, %t64
  %step = mul i64 %nb64, %nt64
  %step2 = shl i64 %step, 1
  %step3 = add i64 %step2, %step
  %step4 = shl i64 %step, 2
  %up = icmp eq i32 %down, 0
  %turn = select i1 %up, i64 0, i64 -1
  %from = select i1 %up, i64 0, i64 %n
  %last0 = add i64 %k0, %step3
  %many = icmp ult i64 %last0, %n
  br i1 %many, label %four, label %few
four:
  %k = phi i64 [ %k0, %entry ], [ %kn, %four.next ]
  %ka = add i64 %k, %step
  %kb = add i64 %k, %step2
  %kc = add i64 %k, %step3
  %i0 = xor i64 %k, %turn
  %j0 = add i64 %i0, %from
  %p0 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j0
  %g0 = load <4 x i32>, <4 x i32> addrspace(1)* %p0, align 16
  %i1 = xor i64 %ka, %turn
  %j1 = add i64 %i1, %from
  %p1 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j1
  %g1 = load <4 x i32>, <4 x i32> addrspace(1)* %p1, align 16
  %i2 = xor i64 %kb, %turn
  %j2 = add i64 %i2, %from
  %p2 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j2
  %g2 = load <4 x i32>, <4 x i32> addrspace(1)* %p2, align 16
  %i3 = xor i64 %kc, %turn
  %j3 = add i64 %i3, %from
  %p3 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j3
  %g3 = load <4 x i32>, <4 x i32> addrspace(1)* %p3, align 16
  %x0 = add i64 %j0, %first
  %v0 = call <4 x i32> @pattern(i64 %x0, i64 %seed, i32 %mode, i32 %inv)
  call void @verify(<4 x i32> addrspace(1)* %p0, <4 x i32> %g0, <4 x i32> %v0, i64 %x0, i64 addrspace(1)* %rec)
  %x1 = add i64 %j1, %first
  %v1 = call <4 x i32> @pattern(i64 %x1, i64 %seed, i32 %mode, i32 %inv)
  call void @verify(<4 x i32> addrspace(1)* %p1, <4 x i32> %g1, <4 x i32> %v1, i64 %x1, i64 addrspace(1)* %rec)
  %x2 = add i64 %j2, %first
  %v2 = call <4 x i32> @pattern(i64 %x2, i64 %seed, i32 %mode, i32 %inv)
  call void @verify(<4 x i32> addrspace(1)* %p2, <4 x i32> %g2, <4 x i32> %v2, i64 %x2, i64 addrspace(1)* %rec)
  %x3 = add i64 %j3, %first
  %v3 = call <4 x i32> @pattern(i64 %x3, i64 %seed, i32 %mode, i32 %inv)
  call void @verify(<4 x i32> addrspace(1)* %p3, <4 x i32> %g3, <4 x i32> %v3, i64 %x3, i64 addrspace(1)* %rec)
  %w = icmp ne i32 %rw, 0
  br i1 %w, label %four.write, label %four.next
four.write:
  %c0 = xor <4 x i32> %v0, <i32 -1, i32 -1, i32 -1, i32 -1>
  store <4 x i32> %c0, <4 x i32> addrspace(1)* %p0, align 16
  %c1 = xor <4 x i32> %v1, <i32 -1, i32 -1, i32 -1, i32 -1>
  store <4 x i32> %c1, <4 x i32> addrspace(1)* %p1, align 16
  %c2 = xor <4 x i32> %v2, <i32 -1, i32 -1, i32 -1, i32 -1>
  store <4 x i32> %c2, <4 x i32> addrspace(1)* %p2, align 16
  %c3 = xor <4 x i32> %v3, <i32 -1, i32 -1, i32 -1, i32 -1>
  store <4 x i32> %c3, <4 x i32> addrspace(1)* %p3, align 16
  br label %four.next
four.next:
  %kn = add i64 %k, %step4
  %lastn = add i64 %kn, %step3
  %more = icmp ult i64 %lastn, %n
  br i1 %more, label %four, label %few
few:
  %r0 = phi i64 [ %k0, %entry ], [ %kn, %four.next ]
  %some = icmp ult i64 %r0, %n
  br i1 %some, label %one, label %done
one:
  %r = phi i64 [ %r0, %few ], [ %rn, %one.next ]
  %i9 = xor i64 %r, %turn
  %j9 = add i64 %i9, %from
  %p9 = getelementptr <4 x i32>, <4 x i32> addrspace(1)* %base, i64 %j9
  %g9 = load <4 x i32>, <4 x i32> addrspace(1)* %p9, align 16
  %x9 = add i64 %j9, %first
  %v9 = call <4 x i32> @pattern(i64 %x9, i64 %seed, i32 %mode, i32 %inv)
  call void @verify(<4 x i32> addrspace(1)* %p9, <4 x i32> %g9, <4 x i32> %v9, i64 %x9, i64 addrspace(1)* %rec)
  %w9 = icmp ne i32 %rw, 0
  br i1 %w9, label %one.write, label %one.next
one.write:
  %c9 = xor <4 x i32> %v9, <i32 -1, i32 -1, i32 -1, i32 -1>
  store <4 x i32> %c9, <4 x i32> addrspace(1)* %p9, align 16
  br label %one.next
one.next:
  %rn = add i64 %r, %step
  %again = icmp ult i64 %rn, %n
  br i1 %again, label %one, label %done
done:
  ret void
}

; mt_shared(words, seed, rec) overwrites the shared memory of a block, of `words` words of 4 bytes, with noise
; and then with zeros, and reads them back. rec: how many were not zero, then one u64 for each processor, 1 if
; a block has run there.
define void @mt_shared(i32 %words, i32 %seed, i64 addrspace(1)* %rec) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %nt = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %sm = call i32 @llvm.nvvm.read.ptx.sreg.smid()
  %sm64 = zext i32 %sm to i64
  %known = icmp ult i64 %sm64, 1024
  br i1 %known, label %mark, label %begin
mark:
  %slot = add i64 %sm64, 1
  %q = getelementptr i64, i64 addrspace(1)* %rec, i64 %slot
  store volatile i64 1, i64 addrspace(1)* %q, align 8
  br label %begin
begin:
  %some = icmp ult i32 %t, %words
  br i1 %some, label %loop, label %done
loop:
  %i = phi i32 [ %t, %begin ], [ %in, %next ]
  %p = getelementptr [0 x i32], [0 x i32] addrspace(3)* @mt_shared_memory, i32 0, i32 %i
  %h0 = xor i32 %i, %seed
  %h1 = mul i32 %h0, -2048144789
  %h2 = lshr i32 %h1, 15
  %h3 = xor i32 %h1, %h2
  store volatile i32 %h3, i32 addrspace(3)* %p, align 4
  store volatile i32 0, i32 addrspace(3)* %p, align 4
  %g = load volatile i32, i32 addrspace(3)* %p, align 4
  %bad = icmp ne i32 %g, 0
  br i1 %bad, label %wrong, label %next
wrong:
  %old = atomicrmw add i64 addrspace(1)* %rec, i64 1 monotonic
  br label %next
next:
  %in = add i32 %i, %nt
  %more = icmp ult i32 %in, %words
  br i1 %more, label %loop, label %done
done:
  ret void
}

!nvvm.annotations = !{!0, !1, !2, !3, !4, !5}
!0 = !{void (<4 x i32> addrspace(1)*, i64, i64, i64, i32, i32, i32)* @mt_fill, !"kernel", i32 1}
!1 = !{void (<4 x i32> addrspace(1)*, i64, i64, i64, i32, i32, i32, i32, i64 addrspace(1)*)* @mt_check, !"kernel", i32 1}
!2 = !{void (i32, i32, i64 addrspace(1)*)* @mt_shared, !"kernel", i32 1}
!3 = !{void (<4 x i32> addrspace(1)*, i64, i64, i64, i32, i32, i32)* @mt_fill, !"maxntidx", i32 256}
!4 = !{void (<4 x i32> addrspace(1)*, i64, i64, i64, i32, i32, i32, i32, i64 addrspace(1)*)* @mt_check, !"maxntidx", i32 256}
!5 = !{void (i32, i32, i64 addrspace(1)*)* @mt_shared, !"maxntidx", i32 256}
