module @attention_decode_step attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<1x2x8xf32>, %arg1: tensor<1x2x12x8xf32>, %arg2: tensor<1x2x12x8xf32>, %arg3: tensor<i32>) -> tensor<1x2x1x8xf32> {
    %0 = stablehlo.iota dim = 0 : tensor<12xi64>
    %1 = stablehlo.convert %arg3 : (tensor<i32>) -> tensor<i64>
    %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<i64>) -> tensor<12xi64>
    %3 = stablehlo.compare LT, %0, %2, SIGNED : (tensor<12xi64>, tensor<12xi64>) -> tensor<12xi1>
    %4 = stablehlo.broadcast_in_dim %arg0, dims = [0, 1, 3] : (tensor<1x2x8xf32>) -> tensor<1x2x1x8xf32>
    %5 = stablehlo.dot_general %4, %arg1, batching_dims = [0, 1] x [0, 1], contracting_dims = [3] x [3], precision = [HIGHEST, HIGHEST] : (tensor<1x2x1x8xf32>, tensor<1x2x12x8xf32>) -> tensor<1x2x1x12xf32>
    %cst = stablehlo.constant dense<2.82842708> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x2x1x12xf32>
    %7 = stablehlo.divide %5, %6 : tensor<1x2x1x12xf32>
    %cst_0 = stablehlo.constant dense<-3.40282347E+38> : tensor<f32>
    %8 = call @_where(%3, %7, %cst_0) : (tensor<12xi1>, tensor<1x2x1x12xf32>, tensor<f32>) -> tensor<1x2x1x12xf32>
    %cst_1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %9 = stablehlo.reduce(%8 init: %cst_1) applies stablehlo.maximum across dimensions = [3] : (tensor<1x2x1x12xf32>, tensor<f32>) -> tensor<1x2x1xf32>
    %cst_2 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %10 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<1x2x1xf32>
    %11 = stablehlo.maximum %10, %9 : tensor<1x2x1xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0, 1, 2] : (tensor<1x2x1xf32>) -> tensor<1x2x1x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1, 2, 3] : (tensor<1x2x1x1xf32>) -> tensor<1x2x1x12xf32>
    %14 = stablehlo.subtract %8, %13 : tensor<1x2x1x12xf32>
    %15 = stablehlo.exponential %14 : tensor<1x2x1x12xf32>
    %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %16 = stablehlo.reduce(%15 init: %cst_3) applies stablehlo.add across dimensions = [3] : (tensor<1x2x1x12xf32>, tensor<f32>) -> tensor<1x2x1xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [0, 1, 2] : (tensor<1x2x1xf32>) -> tensor<1x2x1x1xf32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [0, 1, 2, 3] : (tensor<1x2x1x1xf32>) -> tensor<1x2x1x12xf32>
    %19 = stablehlo.divide %15, %18 : tensor<1x2x1x12xf32>
    %20 = stablehlo.dot_general %19, %arg2, batching_dims = [0, 1] x [0, 1], contracting_dims = [3] x [2], precision = [HIGHEST, HIGHEST] : (tensor<1x2x1x12xf32>, tensor<1x2x12x8xf32>) -> tensor<1x2x1x8xf32>
    return %20 : tensor<1x2x1x8xf32>
  }
  func.func private @_where(%arg0: tensor<12xi1>, %arg1: tensor<1x2x1x12xf32>, %arg2: tensor<f32>) -> tensor<1x2x1x12xf32> {
    %0 = stablehlo.broadcast_in_dim %arg0, dims = [3] : (tensor<12xi1>) -> tensor<1x2x1x12xi1>
    %1 = stablehlo.broadcast_in_dim %arg2, dims = [] : (tensor<f32>) -> tensor<1x2x1x12xf32>
    %2 = stablehlo.select %0, %arg1, %1 : tensor<1x2x1x12xi1>, tensor<1x2x1x12xf32>
    return %2 : tensor<1x2x1x12xf32>
  }
}
