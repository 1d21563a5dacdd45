module @model_transformer_block attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<6x16xf32>, %arg1: tensor<16x48xf32>, %arg2: tensor<16x16xf32>, %arg3: tensor<16x32xf32>, %arg4: tensor<32x16xf32>, %arg5: tensor<2x16xf32>, %arg6: tensor<2x16xf32>) -> tensor<6x16xf32> {
    %0 = stablehlo.slice %arg5 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %1 = stablehlo.reshape %0 : (tensor<1x16xf32>) -> tensor<16xf32>
    %2 = stablehlo.slice %arg6 [0:1, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %3 = stablehlo.reshape %2 : (tensor<1x16xf32>) -> tensor<16xf32>
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %4 = stablehlo.reduce(%arg0 init: %cst) applies stablehlo.add across dimensions = [1] : (tensor<6x16xf32>, tensor<f32>) -> tensor<6xf32>
    %5 = stablehlo.broadcast_in_dim %4, dims = [0] : (tensor<6xf32>) -> tensor<6x1xf32>
    %cst_0 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<6x1xf32>
    %7 = stablehlo.divide %5, %6 : tensor<6x1xf32>
    %8 = stablehlo.broadcast_in_dim %7, dims = [0, 1] : (tensor<6x1xf32>) -> tensor<6x16xf32>
    %9 = stablehlo.subtract %arg0, %8 : tensor<6x16xf32>
    %10 = stablehlo.multiply %9, %9 : tensor<6x16xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %11 = stablehlo.reduce(%10 init: %cst_1) applies stablehlo.add across dimensions = [1] : (tensor<6x16xf32>, tensor<f32>) -> tensor<6xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0] : (tensor<6xf32>) -> tensor<6x1xf32>
    %cst_2 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %13 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<6x1xf32>
    %14 = stablehlo.divide %12, %13 : tensor<6x1xf32>
    %cst_3 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<6x1xf32>
    %16 = stablehlo.add %14, %15 : tensor<6x1xf32>
    %17 = stablehlo.rsqrt %16 : tensor<6x1xf32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [0, 1] : (tensor<6x1xf32>) -> tensor<6x16xf32>
    %19 = stablehlo.multiply %9, %18 : tensor<6x16xf32>
    %20 = stablehlo.broadcast_in_dim %1, dims = [1] : (tensor<16xf32>) -> tensor<1x16xf32>
    %21 = stablehlo.broadcast_in_dim %20, dims = [0, 1] : (tensor<1x16xf32>) -> tensor<6x16xf32>
    %22 = stablehlo.multiply %19, %21 : tensor<6x16xf32>
    %23 = stablehlo.broadcast_in_dim %3, dims = [1] : (tensor<16xf32>) -> tensor<1x16xf32>
    %24 = stablehlo.broadcast_in_dim %23, dims = [0, 1] : (tensor<1x16xf32>) -> tensor<6x16xf32>
    %25 = stablehlo.add %22, %24 : tensor<6x16xf32>
    %26 = stablehlo.dot_general %25, %arg1, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<6x16xf32>, tensor<16x48xf32>) -> tensor<6x48xf32>
    %27 = stablehlo.reshape %26 : (tensor<6x48xf32>) -> tensor<6x3x4x4xf32>
    %28 = stablehlo.transpose %27, dims = [1, 2, 0, 3] : (tensor<6x3x4x4xf32>) -> tensor<3x4x6x4xf32>
    %29 = stablehlo.slice %28 [0:1, 0:4, 0:6, 0:4] : (tensor<3x4x6x4xf32>) -> tensor<1x4x6x4xf32>
    %30 = stablehlo.reshape %29 : (tensor<1x4x6x4xf32>) -> tensor<4x6x4xf32>
    %31 = stablehlo.slice %28 [1:2, 0:4, 0:6, 0:4] : (tensor<3x4x6x4xf32>) -> tensor<1x4x6x4xf32>
    %32 = stablehlo.reshape %31 : (tensor<1x4x6x4xf32>) -> tensor<4x6x4xf32>
    %33 = stablehlo.slice %28 [2:3, 0:4, 0:6, 0:4] : (tensor<3x4x6x4xf32>) -> tensor<1x4x6x4xf32>
    %34 = stablehlo.reshape %33 : (tensor<1x4x6x4xf32>) -> tensor<4x6x4xf32>
    %c = stablehlo.constant dense<true> : tensor<i1>
    %35 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i1>) -> tensor<6x6xi1>
    %36 = call @tril(%35) : (tensor<6x6xi1>) -> tensor<6x6xi1>
    %37 = stablehlo.dot_general %30, %32, batching_dims = [0] x [0], contracting_dims = [2] x [2], precision = [HIGHEST, HIGHEST] : (tensor<4x6x4xf32>, tensor<4x6x4xf32>) -> tensor<4x6x6xf32>
    %cst_4 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<4x6x6xf32>
    %39 = stablehlo.divide %37, %38 : tensor<4x6x6xf32>
    %cst_5 = stablehlo.constant dense<-3.40282347E+38> : tensor<f32>
    %40 = call @_where(%36, %39, %cst_5) : (tensor<6x6xi1>, tensor<4x6x6xf32>, tensor<f32>) -> tensor<4x6x6xf32>
    %cst_6 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %41 = stablehlo.reduce(%40 init: %cst_6) applies stablehlo.maximum across dimensions = [2] : (tensor<4x6x6xf32>, tensor<f32>) -> tensor<4x6xf32>
    %cst_7 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %42 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<4x6xf32>
    %43 = stablehlo.maximum %42, %41 : tensor<4x6xf32>
    %44 = stablehlo.broadcast_in_dim %43, dims = [0, 1] : (tensor<4x6xf32>) -> tensor<4x6x1xf32>
    %45 = stablehlo.broadcast_in_dim %44, dims = [0, 1, 2] : (tensor<4x6x1xf32>) -> tensor<4x6x6xf32>
    %46 = stablehlo.subtract %40, %45 : tensor<4x6x6xf32>
    %47 = stablehlo.exponential %46 : tensor<4x6x6xf32>
    %cst_8 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %48 = stablehlo.reduce(%47 init: %cst_8) applies stablehlo.add across dimensions = [2] : (tensor<4x6x6xf32>, tensor<f32>) -> tensor<4x6xf32>
    %49 = stablehlo.broadcast_in_dim %48, dims = [0, 1] : (tensor<4x6xf32>) -> tensor<4x6x1xf32>
    %50 = stablehlo.broadcast_in_dim %49, dims = [0, 1, 2] : (tensor<4x6x1xf32>) -> tensor<4x6x6xf32>
    %51 = stablehlo.divide %47, %50 : tensor<4x6x6xf32>
    %52 = stablehlo.dot_general %51, %34, batching_dims = [0] x [0], contracting_dims = [2] x [1], precision = [HIGHEST, HIGHEST] : (tensor<4x6x6xf32>, tensor<4x6x4xf32>) -> tensor<4x6x4xf32>
    %53 = stablehlo.transpose %52, dims = [1, 0, 2] : (tensor<4x6x4xf32>) -> tensor<6x4x4xf32>
    %54 = stablehlo.reshape %53 : (tensor<6x4x4xf32>) -> tensor<6x16xf32>
    %55 = stablehlo.dot_general %54, %arg2, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<6x16xf32>, tensor<16x16xf32>) -> tensor<6x16xf32>
    %56 = stablehlo.add %arg0, %55 : tensor<6x16xf32>
    %57 = stablehlo.slice %arg5 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %58 = stablehlo.reshape %57 : (tensor<1x16xf32>) -> tensor<16xf32>
    %59 = stablehlo.slice %arg6 [1:2, 0:16] : (tensor<2x16xf32>) -> tensor<1x16xf32>
    %60 = stablehlo.reshape %59 : (tensor<1x16xf32>) -> tensor<16xf32>
    %cst_9 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %61 = stablehlo.reduce(%56 init: %cst_9) applies stablehlo.add across dimensions = [1] : (tensor<6x16xf32>, tensor<f32>) -> tensor<6xf32>
    %62 = stablehlo.broadcast_in_dim %61, dims = [0] : (tensor<6xf32>) -> tensor<6x1xf32>
    %cst_10 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %63 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<6x1xf32>
    %64 = stablehlo.divide %62, %63 : tensor<6x1xf32>
    %65 = stablehlo.broadcast_in_dim %64, dims = [0, 1] : (tensor<6x1xf32>) -> tensor<6x16xf32>
    %66 = stablehlo.subtract %56, %65 : tensor<6x16xf32>
    %67 = stablehlo.multiply %66, %66 : tensor<6x16xf32>
    %cst_11 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %68 = stablehlo.reduce(%67 init: %cst_11) applies stablehlo.add across dimensions = [1] : (tensor<6x16xf32>, tensor<f32>) -> tensor<6xf32>
    %69 = stablehlo.broadcast_in_dim %68, dims = [0] : (tensor<6xf32>) -> tensor<6x1xf32>
    %cst_12 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<6x1xf32>
    %71 = stablehlo.divide %69, %70 : tensor<6x1xf32>
    %cst_13 = stablehlo.constant dense<9.99999974E-6> : tensor<f32>
    %72 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<6x1xf32>
    %73 = stablehlo.add %71, %72 : tensor<6x1xf32>
    %74 = stablehlo.rsqrt %73 : tensor<6x1xf32>
    %75 = stablehlo.broadcast_in_dim %74, dims = [0, 1] : (tensor<6x1xf32>) -> tensor<6x16xf32>
    %76 = stablehlo.multiply %66, %75 : tensor<6x16xf32>
    %77 = stablehlo.broadcast_in_dim %58, dims = [1] : (tensor<16xf32>) -> tensor<1x16xf32>
    %78 = stablehlo.broadcast_in_dim %77, dims = [0, 1] : (tensor<1x16xf32>) -> tensor<6x16xf32>
    %79 = stablehlo.multiply %76, %78 : tensor<6x16xf32>
    %80 = stablehlo.broadcast_in_dim %60, dims = [1] : (tensor<16xf32>) -> tensor<1x16xf32>
    %81 = stablehlo.broadcast_in_dim %80, dims = [0, 1] : (tensor<1x16xf32>) -> tensor<6x16xf32>
    %82 = stablehlo.add %79, %81 : tensor<6x16xf32>
    %83 = stablehlo.dot_general %82, %arg3, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<6x16xf32>, tensor<16x32xf32>) -> tensor<6x32xf32>
    %84 = stablehlo.multiply %83, %83 : tensor<6x32xf32>
    %85 = stablehlo.multiply %84, %83 : tensor<6x32xf32>
    %cst_14 = stablehlo.constant dense<4.471500e-02> : tensor<f32>
    %86 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<6x32xf32>
    %87 = stablehlo.multiply %86, %85 : tensor<6x32xf32>
    %88 = stablehlo.add %83, %87 : tensor<6x32xf32>
    %cst_15 = stablehlo.constant dense<0.797884583> : tensor<f32>
    %89 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<6x32xf32>
    %90 = stablehlo.multiply %89, %88 : tensor<6x32xf32>
    %91 = stablehlo.tanh %90 : tensor<6x32xf32>
    %cst_16 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %92 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<6x32xf32>
    %93 = stablehlo.add %92, %91 : tensor<6x32xf32>
    %cst_17 = stablehlo.constant dense<5.000000e-01> : tensor<f32>
    %94 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<6x32xf32>
    %95 = stablehlo.multiply %94, %93 : tensor<6x32xf32>
    %96 = stablehlo.multiply %83, %95 : tensor<6x32xf32>
    %97 = stablehlo.dot_general %96, %arg4, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<6x32xf32>, tensor<32x16xf32>) -> tensor<6x16xf32>
    %98 = stablehlo.add %56, %97 : tensor<6x16xf32>
    return %98 : tensor<6x16xf32>
  }
  func.func private @tril(%arg0: tensor<6x6xi1>) -> tensor<6x6xi1> {
    %0 = stablehlo.iota dim = 0 : tensor<6x6xi64>
    %c = stablehlo.constant dense<0> : tensor<i64>
    %1 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<i64>) -> tensor<6x6xi64>
    %2 = stablehlo.add %0, %1 : tensor<6x6xi64>
    %3 = stablehlo.iota dim = 1 : tensor<6x6xi64>
    %4 = stablehlo.compare GE, %2, %3, SIGNED : (tensor<6x6xi64>, tensor<6x6xi64>) -> tensor<6x6xi1>
    %c_0 = stablehlo.constant dense<false> : tensor<i1>
    %5 = stablehlo.broadcast_in_dim %c_0, dims = [] : (tensor<i1>) -> tensor<6x6xi1>
    %6 = stablehlo.select %4, %arg0, %5 : tensor<6x6xi1>, tensor<6x6xi1>
    return %6 : tensor<6x6xi1>
  }
  func.func private @_where(%arg0: tensor<6x6xi1>, %arg1: tensor<4x6x6xf32>, %arg2: tensor<f32>) -> tensor<4x6x6xf32> {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [1, 2] : (tensor<6x6xi1>) -> tensor<4x6x6xi1>
    %1 = stablehlo.broadcast_in_dim %arg2, dims = [] : (tensor<f32>) -> tensor<4x6x6xf32>
    %2 = stablehlo.select %0, %arg1, %1 : tensor<4x6x6xi1>, tensor<4x6x6xf32>
    return %2 : tensor<4x6x6xf32>
  }
}
