module @associative_scan_sum attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<16x2xi32>) -> (tensor<16x2xi32>, tensor<16x2xi32>) {
    %0 = stablehlo.slice %arg0 [0:15:2, 0:2] : (tensor<16x2xi32>) -> tensor<8x2xi32>
    %1 = stablehlo.slice %arg0 [1:16:2, 0:2] : (tensor<16x2xi32>) -> tensor<8x2xi32>
    %2 = stablehlo.add %0, %1 : tensor<8x2xi32>
    %3 = stablehlo.slice %2 [0:7:2, 0:2] : (tensor<8x2xi32>) -> tensor<4x2xi32>
    %4 = stablehlo.slice %2 [1:8:2, 0:2] : (tensor<8x2xi32>) -> tensor<4x2xi32>
    %5 = stablehlo.add %3, %4 : tensor<4x2xi32>
    %6 = stablehlo.slice %5 [0:3:2, 0:2] : (tensor<4x2xi32>) -> tensor<2x2xi32>
    %7 = stablehlo.slice %5 [1:4:2, 0:2] : (tensor<4x2xi32>) -> tensor<2x2xi32>
    %8 = stablehlo.add %6, %7 : tensor<2x2xi32>
    %9 = stablehlo.slice %8 [0:1:2, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %10 = stablehlo.slice %8 [1:2:2, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %11 = stablehlo.add %9, %10 : tensor<1x2xi32>
    %12 = stablehlo.slice %11 [0:0, 0:2] : (tensor<1x2xi32>) -> tensor<0x2xi32>
    %13 = stablehlo.slice %8 [2:2:2, 0:2] : (tensor<2x2xi32>) -> tensor<0x2xi32>
    %14 = stablehlo.add %12, %13 : tensor<0x2xi32>
    %15 = stablehlo.slice %8 [0:1, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %16 = stablehlo.concatenate %15, %14, dim = 0 : (tensor<1x2xi32>, tensor<0x2xi32>) -> tensor<1x2xi32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %17 = stablehlo.pad %16, %c, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x2xi32>, tensor<i32>) -> tensor<2x2xi32>
    %c_0 = stablehlo.constant dense<0> : tensor<i32>
    %18 = stablehlo.pad %11, %c_0, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x2xi32>, tensor<i32>) -> tensor<2x2xi32>
    %19 = stablehlo.add %17, %18 : tensor<2x2xi32>
    %20 = stablehlo.slice %19 [0:1, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %21 = stablehlo.slice %5 [2:4:2, 0:2] : (tensor<4x2xi32>) -> tensor<1x2xi32>
    %22 = stablehlo.add %20, %21 : tensor<1x2xi32>
    %23 = stablehlo.slice %5 [0:1, 0:2] : (tensor<4x2xi32>) -> tensor<1x2xi32>
    %24 = stablehlo.concatenate %23, %22, dim = 0 : (tensor<1x2xi32>, tensor<1x2xi32>) -> tensor<2x2xi32>
    %c_1 = stablehlo.constant dense<0> : tensor<i32>
    %25 = stablehlo.pad %24, %c_1, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<2x2xi32>, tensor<i32>) -> tensor<4x2xi32>
    %c_2 = stablehlo.constant dense<0> : tensor<i32>
    %26 = stablehlo.pad %19, %c_2, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<2x2xi32>, tensor<i32>) -> tensor<4x2xi32>
    %27 = stablehlo.add %25, %26 : tensor<4x2xi32>
    %28 = stablehlo.slice %27 [0:3, 0:2] : (tensor<4x2xi32>) -> tensor<3x2xi32>
    %29 = stablehlo.slice %2 [2:8:2, 0:2] : (tensor<8x2xi32>) -> tensor<3x2xi32>
    %30 = stablehlo.add %28, %29 : tensor<3x2xi32>
    %31 = stablehlo.slice %2 [0:1, 0:2] : (tensor<8x2xi32>) -> tensor<1x2xi32>
    %32 = stablehlo.concatenate %31, %30, dim = 0 : (tensor<1x2xi32>, tensor<3x2xi32>) -> tensor<4x2xi32>
    %c_3 = stablehlo.constant dense<0> : tensor<i32>
    %33 = stablehlo.pad %32, %c_3, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<4x2xi32>, tensor<i32>) -> tensor<8x2xi32>
    %c_4 = stablehlo.constant dense<0> : tensor<i32>
    %34 = stablehlo.pad %27, %c_4, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<4x2xi32>, tensor<i32>) -> tensor<8x2xi32>
    %35 = stablehlo.add %33, %34 : tensor<8x2xi32>
    %36 = stablehlo.slice %35 [0:7, 0:2] : (tensor<8x2xi32>) -> tensor<7x2xi32>
    %37 = stablehlo.slice %arg0 [2:16:2, 0:2] : (tensor<16x2xi32>) -> tensor<7x2xi32>
    %38 = stablehlo.add %36, %37 : tensor<7x2xi32>
    %39 = stablehlo.slice %arg0 [0:1, 0:2] : (tensor<16x2xi32>) -> tensor<1x2xi32>
    %40 = stablehlo.concatenate %39, %38, dim = 0 : (tensor<1x2xi32>, tensor<7x2xi32>) -> tensor<8x2xi32>
    %c_5 = stablehlo.constant dense<0> : tensor<i32>
    %41 = stablehlo.pad %40, %c_5, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<8x2xi32>, tensor<i32>) -> tensor<16x2xi32>
    %c_6 = stablehlo.constant dense<0> : tensor<i32>
    %42 = stablehlo.pad %35, %c_6, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<8x2xi32>, tensor<i32>) -> tensor<16x2xi32>
    %43 = stablehlo.add %41, %42 : tensor<16x2xi32>
    %44 = stablehlo.reverse %arg0, dims = [0] : tensor<16x2xi32>
    %45 = stablehlo.slice %44 [0:15:2, 0:2] : (tensor<16x2xi32>) -> tensor<8x2xi32>
    %46 = stablehlo.slice %44 [1:16:2, 0:2] : (tensor<16x2xi32>) -> tensor<8x2xi32>
    %47 = stablehlo.add %45, %46 : tensor<8x2xi32>
    %48 = stablehlo.slice %47 [0:7:2, 0:2] : (tensor<8x2xi32>) -> tensor<4x2xi32>
    %49 = stablehlo.slice %47 [1:8:2, 0:2] : (tensor<8x2xi32>) -> tensor<4x2xi32>
    %50 = stablehlo.add %48, %49 : tensor<4x2xi32>
    %51 = stablehlo.slice %50 [0:3:2, 0:2] : (tensor<4x2xi32>) -> tensor<2x2xi32>
    %52 = stablehlo.slice %50 [1:4:2, 0:2] : (tensor<4x2xi32>) -> tensor<2x2xi32>
    %53 = stablehlo.add %51, %52 : tensor<2x2xi32>
    %54 = stablehlo.slice %53 [0:1:2, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %55 = stablehlo.slice %53 [1:2:2, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %56 = stablehlo.add %54, %55 : tensor<1x2xi32>
    %57 = stablehlo.slice %56 [0:0, 0:2] : (tensor<1x2xi32>) -> tensor<0x2xi32>
    %58 = stablehlo.slice %53 [2:2:2, 0:2] : (tensor<2x2xi32>) -> tensor<0x2xi32>
    %59 = stablehlo.add %57, %58 : tensor<0x2xi32>
    %60 = stablehlo.slice %53 [0:1, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %61 = stablehlo.concatenate %60, %59, dim = 0 : (tensor<1x2xi32>, tensor<0x2xi32>) -> tensor<1x2xi32>
    %c_7 = stablehlo.constant dense<0> : tensor<i32>
    %62 = stablehlo.pad %61, %c_7, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<1x2xi32>, tensor<i32>) -> tensor<2x2xi32>
    %c_8 = stablehlo.constant dense<0> : tensor<i32>
    %63 = stablehlo.pad %56, %c_8, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<1x2xi32>, tensor<i32>) -> tensor<2x2xi32>
    %64 = stablehlo.add %62, %63 : tensor<2x2xi32>
    %65 = stablehlo.slice %64 [0:1, 0:2] : (tensor<2x2xi32>) -> tensor<1x2xi32>
    %66 = stablehlo.slice %50 [2:4:2, 0:2] : (tensor<4x2xi32>) -> tensor<1x2xi32>
    %67 = stablehlo.add %65, %66 : tensor<1x2xi32>
    %68 = stablehlo.slice %50 [0:1, 0:2] : (tensor<4x2xi32>) -> tensor<1x2xi32>
    %69 = stablehlo.concatenate %68, %67, dim = 0 : (tensor<1x2xi32>, tensor<1x2xi32>) -> tensor<2x2xi32>
    %c_9 = stablehlo.constant dense<0> : tensor<i32>
    %70 = stablehlo.pad %69, %c_9, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<2x2xi32>, tensor<i32>) -> tensor<4x2xi32>
    %c_10 = stablehlo.constant dense<0> : tensor<i32>
    %71 = stablehlo.pad %64, %c_10, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<2x2xi32>, tensor<i32>) -> tensor<4x2xi32>
    %72 = stablehlo.add %70, %71 : tensor<4x2xi32>
    %73 = stablehlo.slice %72 [0:3, 0:2] : (tensor<4x2xi32>) -> tensor<3x2xi32>
    %74 = stablehlo.slice %47 [2:8:2, 0:2] : (tensor<8x2xi32>) -> tensor<3x2xi32>
    %75 = stablehlo.add %73, %74 : tensor<3x2xi32>
    %76 = stablehlo.slice %47 [0:1, 0:2] : (tensor<8x2xi32>) -> tensor<1x2xi32>
    %77 = stablehlo.concatenate %76, %75, dim = 0 : (tensor<1x2xi32>, tensor<3x2xi32>) -> tensor<4x2xi32>
    %c_11 = stablehlo.constant dense<0> : tensor<i32>
    %78 = stablehlo.pad %77, %c_11, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<4x2xi32>, tensor<i32>) -> tensor<8x2xi32>
    %c_12 = stablehlo.constant dense<0> : tensor<i32>
    %79 = stablehlo.pad %72, %c_12, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<4x2xi32>, tensor<i32>) -> tensor<8x2xi32>
    %80 = stablehlo.add %78, %79 : tensor<8x2xi32>
    %81 = stablehlo.slice %80 [0:7, 0:2] : (tensor<8x2xi32>) -> tensor<7x2xi32>
    %82 = stablehlo.slice %44 [2:16:2, 0:2] : (tensor<16x2xi32>) -> tensor<7x2xi32>
    %83 = stablehlo.add %81, %82 : tensor<7x2xi32>
    %84 = stablehlo.slice %44 [0:1, 0:2] : (tensor<16x2xi32>) -> tensor<1x2xi32>
    %85 = stablehlo.concatenate %84, %83, dim = 0 : (tensor<1x2xi32>, tensor<7x2xi32>) -> tensor<8x2xi32>
    %c_13 = stablehlo.constant dense<0> : tensor<i32>
    %86 = stablehlo.pad %85, %c_13, low = [0, 0], high = [1, 0], interior = [1, 0] : (tensor<8x2xi32>, tensor<i32>) -> tensor<16x2xi32>
    %c_14 = stablehlo.constant dense<0> : tensor<i32>
    %87 = stablehlo.pad %80, %c_14, low = [1, 0], high = [0, 0], interior = [1, 0] : (tensor<8x2xi32>, tensor<i32>) -> tensor<16x2xi32>
    %88 = stablehlo.add %86, %87 : tensor<16x2xi32>
    %89 = stablehlo.reverse %88, dims = [0] : tensor<16x2xi32>
    return %43, %89 : tensor<16x2xi32>, tensor<16x2xi32>
  }
}
