module @jit_classify attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<64x48xf32>, %arg1: tensor<48xf32>, %arg2: tensor<48x10xf32>, %arg3: tensor<10xf32>, %arg4: tensor<360x64xf32>) -> (tensor<360x10xf32> {jax.result_info = "result"}) {
    %0 = stablehlo.dot_general %arg4, %arg0, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<360x64xf32>, tensor<64x48xf32>) -> tensor<360x48xf32>
    %1 = stablehlo.broadcast_in_dim %arg1, dims = [1] : (tensor<48xf32>) -> tensor<1x48xf32>
    %2 = stablehlo.broadcast_in_dim %1, dims = [0, 1] : (tensor<1x48xf32>) -> tensor<360x48xf32>
    %3 = stablehlo.add %0, %2 : tensor<360x48xf32>
    %4 = call @relu(%3) : (tensor<360x48xf32>) -> tensor<360x48xf32>
    %5 = stablehlo.dot_general %4, %arg2, contracting_dims = [1] x [0], precision = [HIGHEST, HIGHEST] : (tensor<360x48xf32>, tensor<48x10xf32>) -> tensor<360x10xf32>
    %6 = stablehlo.broadcast_in_dim %arg3, dims = [1] : (tensor<10xf32>) -> tensor<1x10xf32>
    %7 = stablehlo.broadcast_in_dim %6, dims = [0, 1] : (tensor<1x10xf32>) -> tensor<360x10xf32>
    %8 = stablehlo.add %5, %7 : tensor<360x10xf32>
    %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %9 = stablehlo.reduce(%8 init: %cst) applies stablehlo.maximum across dimensions = [1] : (tensor<360x10xf32>, tensor<f32>) -> tensor<360xf32>
    %cst_0 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %10 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<360xf32>
    %11 = stablehlo.maximum %10, %9 : tensor<360xf32>
    %12 = stablehlo.broadcast_in_dim %11, dims = [0] : (tensor<360xf32>) -> tensor<360x1xf32>
    %13 = stablehlo.broadcast_in_dim %12, dims = [0, 1] : (tensor<360x1xf32>) -> tensor<360x10xf32>
    %14 = stablehlo.subtract %8, %13 : tensor<360x10xf32>
    %15 = stablehlo.exponential %14 : tensor<360x10xf32>
    %cst_1 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %16 = stablehlo.reduce(%15 init: %cst_1) applies stablehlo.add across dimensions = [1] : (tensor<360x10xf32>, tensor<f32>) -> tensor<360xf32>
    %17 = stablehlo.broadcast_in_dim %16, dims = [0] : (tensor<360xf32>) -> tensor<360x1xf32>
    %18 = stablehlo.broadcast_in_dim %17, dims = [0, 1] : (tensor<360x1xf32>) -> tensor<360x10xf32>
    %19 = stablehlo.divide %15, %18 : tensor<360x10xf32>
    return %19 : tensor<360x10xf32>
  }
  func.func private @relu(%arg0: tensor<360x48xf32>) -> tensor<360x48xf32> {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<360x48xf32>
    %1 = stablehlo.maximum %arg0, %0 : tensor<360x48xf32>
    return %1 : tensor<360x48xf32>
  }
}
