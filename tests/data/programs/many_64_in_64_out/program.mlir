module @many_64_in_64_out attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<1xf32>, %arg1: tensor<2xf32>, %arg2: tensor<3xf32>, %arg3: tensor<4xf32>, %arg4: tensor<1xf32>, %arg5: tensor<2xf32>, %arg6: tensor<3xf32>, %arg7: tensor<4xf32>, %arg8: tensor<1xf32>, %arg9: tensor<2xf32>, %arg10: tensor<3xf32>, %arg11: tensor<4xf32>, %arg12: tensor<1xf32>, %arg13: tensor<2xf32>, %arg14: tensor<3xf32>, %arg15: tensor<4xf32>, %arg16: tensor<1xf32>, %arg17: tensor<2xf32>, %arg18: tensor<3xf32>, %arg19: tensor<4xf32>, %arg20: tensor<1xf32>, %arg21: tensor<2xf32>, %arg22: tensor<3xf32>, %arg23: tensor<4xf32>, %arg24: tensor<1xf32>, %arg25: tensor<2xf32>, %arg26: tensor<3xf32>, %arg27: tensor<4xf32>, %arg28: tensor<1xf32>, %arg29: tensor<2xf32>, %arg30: tensor<3xf32>, %arg31: tensor<4xf32>, %arg32: tensor<1xf32>, %arg33: tensor<2xf32>, %arg34: tensor<3xf32>, %arg35: tensor<4xf32>, %arg36: tensor<1xf32>, %arg37: tensor<2xf32>, %arg38: tensor<3xf32>, %arg39: tensor<4xf32>, %arg40: tensor<1xf32>, %arg41: tensor<2xf32>, %arg42: tensor<3xf32>, %arg43: tensor<4xf32>, %arg44: tensor<1xf32>, %arg45: tensor<2xf32>, %arg46: tensor<3xf32>, %arg47: tensor<4xf32>, %arg48: tensor<1xf32>, %arg49: tensor<2xf32>, %arg50: tensor<3xf32>, %arg51: tensor<4xf32>, %arg52: tensor<1xf32>, %arg53: tensor<2xf32>, %arg54: tensor<3xf32>, %arg55: tensor<4xf32>, %arg56: tensor<1xf32>, %arg57: tensor<2xf32>, %arg58: tensor<3xf32>, %arg59: tensor<4xf32>, %arg60: tensor<1xf32>, %arg61: tensor<2xf32>, %arg62: tensor<3xf32>, %arg63: tensor<4xf32>) -> (tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>) {
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<1xf32>
    %cst_0 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %3 = stablehlo.multiply %arg1, %2 : tensor<2xf32>
    %cst_1 = stablehlo.constant dense<3.000000e+00> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %5 = stablehlo.multiply %arg2, %4 : tensor<3xf32>
    %cst_2 = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %7 = stablehlo.multiply %arg3, %6 : tensor<4xf32>
    %cst_3 = stablehlo.constant dense<5.000000e+00> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %cst_3, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %9 = stablehlo.multiply %arg4, %8 : tensor<1xf32>
    %cst_4 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %10 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %11 = stablehlo.multiply %arg5, %10 : tensor<2xf32>
    %cst_5 = stablehlo.constant dense<7.000000e+00> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %13 = stablehlo.multiply %arg6, %12 : tensor<3xf32>
    %cst_6 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %15 = stablehlo.multiply %arg7, %14 : tensor<4xf32>
    %cst_7 = stablehlo.constant dense<9.000000e+00> : tensor<f32>
    %16 = stablehlo.broadcast_in_dim %cst_7, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %17 = stablehlo.multiply %arg8, %16 : tensor<1xf32>
    %cst_8 = stablehlo.constant dense<1.000000e+01> : tensor<f32>
    %18 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %19 = stablehlo.multiply %arg9, %18 : tensor<2xf32>
    %cst_9 = stablehlo.constant dense<1.100000e+01> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %21 = stablehlo.multiply %arg10, %20 : tensor<3xf32>
    %cst_10 = stablehlo.constant dense<1.200000e+01> : tensor<f32>
    %22 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %23 = stablehlo.multiply %arg11, %22 : tensor<4xf32>
    %cst_11 = stablehlo.constant dense<1.300000e+01> : tensor<f32>
    %24 = stablehlo.broadcast_in_dim %cst_11, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %25 = stablehlo.multiply %arg12, %24 : tensor<1xf32>
    %cst_12 = stablehlo.constant dense<1.400000e+01> : tensor<f32>
    %26 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %27 = stablehlo.multiply %arg13, %26 : tensor<2xf32>
    %cst_13 = stablehlo.constant dense<1.500000e+01> : tensor<f32>
    %28 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %29 = stablehlo.multiply %arg14, %28 : tensor<3xf32>
    %cst_14 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %30 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %31 = stablehlo.multiply %arg15, %30 : tensor<4xf32>
    %cst_15 = stablehlo.constant dense<1.700000e+01> : tensor<f32>
    %32 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %33 = stablehlo.multiply %arg16, %32 : tensor<1xf32>
    %cst_16 = stablehlo.constant dense<1.800000e+01> : tensor<f32>
    %34 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %35 = stablehlo.multiply %arg17, %34 : tensor<2xf32>
    %cst_17 = stablehlo.constant dense<1.900000e+01> : tensor<f32>
    %36 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %37 = stablehlo.multiply %arg18, %36 : tensor<3xf32>
    %cst_18 = stablehlo.constant dense<2.000000e+01> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %39 = stablehlo.multiply %arg19, %38 : tensor<4xf32>
    %cst_19 = stablehlo.constant dense<2.100000e+01> : tensor<f32>
    %40 = stablehlo.broadcast_in_dim %cst_19, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %41 = stablehlo.multiply %arg20, %40 : tensor<1xf32>
    %cst_20 = stablehlo.constant dense<2.200000e+01> : tensor<f32>
    %42 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %43 = stablehlo.multiply %arg21, %42 : tensor<2xf32>
    %cst_21 = stablehlo.constant dense<2.300000e+01> : tensor<f32>
    %44 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %45 = stablehlo.multiply %arg22, %44 : tensor<3xf32>
    %cst_22 = stablehlo.constant dense<2.400000e+01> : tensor<f32>
    %46 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %47 = stablehlo.multiply %arg23, %46 : tensor<4xf32>
    %cst_23 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %48 = stablehlo.broadcast_in_dim %cst_23, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %49 = stablehlo.multiply %arg24, %48 : tensor<1xf32>
    %cst_24 = stablehlo.constant dense<2.600000e+01> : tensor<f32>
    %50 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %51 = stablehlo.multiply %arg25, %50 : tensor<2xf32>
    %cst_25 = stablehlo.constant dense<2.700000e+01> : tensor<f32>
    %52 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %53 = stablehlo.multiply %arg26, %52 : tensor<3xf32>
    %cst_26 = stablehlo.constant dense<2.800000e+01> : tensor<f32>
    %54 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %55 = stablehlo.multiply %arg27, %54 : tensor<4xf32>
    %cst_27 = stablehlo.constant dense<2.900000e+01> : tensor<f32>
    %56 = stablehlo.broadcast_in_dim %cst_27, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %57 = stablehlo.multiply %arg28, %56 : tensor<1xf32>
    %cst_28 = stablehlo.constant dense<3.000000e+01> : tensor<f32>
    %58 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %59 = stablehlo.multiply %arg29, %58 : tensor<2xf32>
    %cst_29 = stablehlo.constant dense<3.100000e+01> : tensor<f32>
    %60 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %61 = stablehlo.multiply %arg30, %60 : tensor<3xf32>
    %cst_30 = stablehlo.constant dense<3.200000e+01> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %63 = stablehlo.multiply %arg31, %62 : tensor<4xf32>
    %cst_31 = stablehlo.constant dense<3.300000e+01> : tensor<f32>
    %64 = stablehlo.broadcast_in_dim %cst_31, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %65 = stablehlo.multiply %arg32, %64 : tensor<1xf32>
    %cst_32 = stablehlo.constant dense<3.400000e+01> : tensor<f32>
    %66 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %67 = stablehlo.multiply %arg33, %66 : tensor<2xf32>
    %cst_33 = stablehlo.constant dense<3.500000e+01> : tensor<f32>
    %68 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %69 = stablehlo.multiply %arg34, %68 : tensor<3xf32>
    %cst_34 = stablehlo.constant dense<3.600000e+01> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %71 = stablehlo.multiply %arg35, %70 : tensor<4xf32>
    %cst_35 = stablehlo.constant dense<3.700000e+01> : tensor<f32>
    %72 = stablehlo.broadcast_in_dim %cst_35, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %73 = stablehlo.multiply %arg36, %72 : tensor<1xf32>
    %cst_36 = stablehlo.constant dense<3.800000e+01> : tensor<f32>
    %74 = stablehlo.broadcast_in_dim %cst_36, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %75 = stablehlo.multiply %arg37, %74 : tensor<2xf32>
    %cst_37 = stablehlo.constant dense<3.900000e+01> : tensor<f32>
    %76 = stablehlo.broadcast_in_dim %cst_37, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %77 = stablehlo.multiply %arg38, %76 : tensor<3xf32>
    %cst_38 = stablehlo.constant dense<4.000000e+01> : tensor<f32>
    %78 = stablehlo.broadcast_in_dim %cst_38, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %79 = stablehlo.multiply %arg39, %78 : tensor<4xf32>
    %cst_39 = stablehlo.constant dense<4.100000e+01> : tensor<f32>
    %80 = stablehlo.broadcast_in_dim %cst_39, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %81 = stablehlo.multiply %arg40, %80 : tensor<1xf32>
    %cst_40 = stablehlo.constant dense<4.200000e+01> : tensor<f32>
    %82 = stablehlo.broadcast_in_dim %cst_40, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %83 = stablehlo.multiply %arg41, %82 : tensor<2xf32>
    %cst_41 = stablehlo.constant dense<4.300000e+01> : tensor<f32>
    %84 = stablehlo.broadcast_in_dim %cst_41, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %85 = stablehlo.multiply %arg42, %84 : tensor<3xf32>
    %cst_42 = stablehlo.constant dense<4.400000e+01> : tensor<f32>
    %86 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %87 = stablehlo.multiply %arg43, %86 : tensor<4xf32>
    %cst_43 = stablehlo.constant dense<4.500000e+01> : tensor<f32>
    %88 = stablehlo.broadcast_in_dim %cst_43, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %89 = stablehlo.multiply %arg44, %88 : tensor<1xf32>
    %cst_44 = stablehlo.constant dense<4.600000e+01> : tensor<f32>
    %90 = stablehlo.broadcast_in_dim %cst_44, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %91 = stablehlo.multiply %arg45, %90 : tensor<2xf32>
    %cst_45 = stablehlo.constant dense<4.700000e+01> : tensor<f32>
    %92 = stablehlo.broadcast_in_dim %cst_45, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %93 = stablehlo.multiply %arg46, %92 : tensor<3xf32>
    %cst_46 = stablehlo.constant dense<4.800000e+01> : tensor<f32>
    %94 = stablehlo.broadcast_in_dim %cst_46, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %95 = stablehlo.multiply %arg47, %94 : tensor<4xf32>
    %cst_47 = stablehlo.constant dense<4.900000e+01> : tensor<f32>
    %96 = stablehlo.broadcast_in_dim %cst_47, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %97 = stablehlo.multiply %arg48, %96 : tensor<1xf32>
    %cst_48 = stablehlo.constant dense<5.000000e+01> : tensor<f32>
    %98 = stablehlo.broadcast_in_dim %cst_48, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %99 = stablehlo.multiply %arg49, %98 : tensor<2xf32>
    %cst_49 = stablehlo.constant dense<5.100000e+01> : tensor<f32>
    %100 = stablehlo.broadcast_in_dim %cst_49, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %101 = stablehlo.multiply %arg50, %100 : tensor<3xf32>
    %cst_50 = stablehlo.constant dense<5.200000e+01> : tensor<f32>
    %102 = stablehlo.broadcast_in_dim %cst_50, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %103 = stablehlo.multiply %arg51, %102 : tensor<4xf32>
    %cst_51 = stablehlo.constant dense<5.300000e+01> : tensor<f32>
    %104 = stablehlo.broadcast_in_dim %cst_51, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %105 = stablehlo.multiply %arg52, %104 : tensor<1xf32>
    %cst_52 = stablehlo.constant dense<5.400000e+01> : tensor<f32>
    %106 = stablehlo.broadcast_in_dim %cst_52, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %107 = stablehlo.multiply %arg53, %106 : tensor<2xf32>
    %cst_53 = stablehlo.constant dense<5.500000e+01> : tensor<f32>
    %108 = stablehlo.broadcast_in_dim %cst_53, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %109 = stablehlo.multiply %arg54, %108 : tensor<3xf32>
    %cst_54 = stablehlo.constant dense<5.600000e+01> : tensor<f32>
    %110 = stablehlo.broadcast_in_dim %cst_54, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %111 = stablehlo.multiply %arg55, %110 : tensor<4xf32>
    %cst_55 = stablehlo.constant dense<5.700000e+01> : tensor<f32>
    %112 = stablehlo.broadcast_in_dim %cst_55, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %113 = stablehlo.multiply %arg56, %112 : tensor<1xf32>
    %cst_56 = stablehlo.constant dense<5.800000e+01> : tensor<f32>
    %114 = stablehlo.broadcast_in_dim %cst_56, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %115 = stablehlo.multiply %arg57, %114 : tensor<2xf32>
    %cst_57 = stablehlo.constant dense<5.900000e+01> : tensor<f32>
    %116 = stablehlo.broadcast_in_dim %cst_57, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %117 = stablehlo.multiply %arg58, %116 : tensor<3xf32>
    %cst_58 = stablehlo.constant dense<6.000000e+01> : tensor<f32>
    %118 = stablehlo.broadcast_in_dim %cst_58, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %119 = stablehlo.multiply %arg59, %118 : tensor<4xf32>
    %cst_59 = stablehlo.constant dense<6.100000e+01> : tensor<f32>
    %120 = stablehlo.broadcast_in_dim %cst_59, dims = [] : (tensor<f32>) -> tensor<1xf32>
    %121 = stablehlo.multiply %arg60, %120 : tensor<1xf32>
    %cst_60 = stablehlo.constant dense<6.200000e+01> : tensor<f32>
    %122 = stablehlo.broadcast_in_dim %cst_60, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %123 = stablehlo.multiply %arg61, %122 : tensor<2xf32>
    %cst_61 = stablehlo.constant dense<6.300000e+01> : tensor<f32>
    %124 = stablehlo.broadcast_in_dim %cst_61, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %125 = stablehlo.multiply %arg62, %124 : tensor<3xf32>
    %cst_62 = stablehlo.constant dense<6.400000e+01> : tensor<f32>
    %126 = stablehlo.broadcast_in_dim %cst_62, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %127 = stablehlo.multiply %arg63, %126 : tensor<4xf32>
    return %1, %3, %5, %7, %9, %11, %13, %15, %17, %19, %21, %23, %25, %27, %29, %31, %33, %35, %37, %39, %41, %43, %45, %47, %49, %51, %53, %55, %57, %59, %61, %63, %65, %67, %69, %71, %73, %75, %77, %79, %81, %83, %85, %87, %89, %91, %93, %95, %97, %99, %101, %103, %105, %107, %109, %111, %113, %115, %117, %119, %121, %123, %125, %127 : tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2xf32>, tensor<3xf32>, tensor<4xf32>
  }
}
